from bp.checks import *  # noqa
