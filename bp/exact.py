"""Arithmetic that comes out the same on every machine, for Numba: fused multiply-adds, eight numbers side by side, and
an exponential of our own.

IEEE 754 defines +, -, *, / and the fused multiply-add exactly. Nothing else is used here, always in the same order,
and neither a BLAS nor a library's exponential: so a compiler may use vectors of any width, or none, and the result
is the same to the last bit.
"""

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

WIDTH = 8  # how many numbers go side by side

# error_model: a division by zero gives an infinity, as in NumPy; an exception would keep the compiler from vectors
compiled = njit(error_model="numpy", cache=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
inlined = njit(error_model="numpy", inline="always")


class _Eight(types.Type):
    """Eight floats side by side, in as many registers as the machine needs for them."""

    def __init__(self):
        super().__init__("eight")


_EIGHT, _FLOAT, _INTEGER = _Eight(), ir.DoubleType(), ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, WIDTH)
register_model(_Eight)(lambda manager, kind: models.PrimitiveModel(manager, kind, _VECTOR))

# ---------------------------------------------------------------- memory: pointers, since indices need no checks here


@intrinsic
def pointer(typing_context, a):
    """Where the numbers of a contiguous array are. Whoever takes it keeps the array alive."""

    def code(context, builder, signature, arguments):
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(a.dtype)(a), code


@intrinsic
def ahead(typing_context, p, count):
    """p + count."""
    return p(p, types.intp), lambda context, builder, signature, arguments: builder.gep(arguments[0], [arguments[1]])


@intrinsic
def at(typing_context, p, i):
    """p[i]."""

    def code(context, builder, signature, arguments):
        return builder.load(builder.gep(arguments[0], [arguments[1]]))

    return p.dtype(p, types.intp), code


@intrinsic
def put(typing_context, p, i, x):
    """p[i] = x."""

    def code(context, builder, signature, arguments):
        builder.store(arguments[2], builder.gep(arguments[0], [arguments[1]]))
        return context.get_dummy_value()

    return types.void(p, types.intp, p.dtype), code


def _eight_at(builder, p, i):
    return builder.bitcast(builder.gep(p, [i]), _VECTOR.as_pointer())


@intrinsic
def load(typing_context, p, i):
    """p[i], ..., p[i + 7]."""

    def code(context, builder, signature, arguments):
        return builder.load(_eight_at(builder, *arguments), align=8)

    return _EIGHT(p, types.intp), code


@intrinsic
def store(typing_context, p, i, s):
    """p[i], ..., p[i + 7] = s."""

    def code(context, builder, signature, arguments):
        builder.store(arguments[2], _eight_at(builder, *arguments[:2]), align=8)
        return context.get_dummy_value()

    return types.void(p, types.intp, s), code


# ---------------------------------------------------------------- arithmetic


@intrinsic
def fma(typing_context, a, b, c):
    """a b + c, rounded once: by an instruction where the machine has one, the same in software elsewhere."""
    kind, llvm, name = (_EIGHT, _VECTOR, "v8f64") if c == _EIGHT else (types.float64, _FLOAT, "f64")

    def code(context, builder, signature, arguments):
        function = ir.FunctionType(llvm, [llvm] * 3)
        return builder.call(cgutils.get_or_insert_function(builder.module, function, f"llvm.fma.{name}"), arguments)

    return kind(kind, kind, kind), code


@intrinsic
def add(typing_context, s, t):
    """s + t, of eight and eight."""
    return s(s, s), lambda context, builder, signature, arguments: builder.fadd(*arguments)


@intrinsic
def spread(typing_context, x):
    """x, eight times."""

    def code(context, builder, signature, arguments):
        one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), arguments[0], ir.IntType(32)(0))
        return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH))

    return _EIGHT(types.float64), code


@intrinsic
def total(typing_context, s):
    """The sum of the eight: ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7))."""

    def code(context, builder, signature, arguments):
        part = [builder.extract_element(arguments[0], ir.IntType(32)(k)) for k in range(WIDTH)]
        pair = [builder.fadd(part[k], part[k + 4]) for k in range(4)]
        return builder.fadd(builder.fadd(pair[0], pair[2]), builder.fadd(pair[1], pair[3]))

    return types.float64(s), code


@intrinsic
def _bits(typing_context, x):
    """The 64 bits of a float."""
    return types.int64(x), lambda context, builder, signature, arguments: builder.bitcast(arguments[0], _INTEGER)


@intrinsic
def _float(typing_context, k):
    """The float of these 64 bits."""
    return types.float64(k), lambda context, builder, signature, arguments: builder.bitcast(arguments[0], _FLOAT)


# ---------------------------------------------------------------- functions


@inlined
def _exponential(z):
    """e^z = 2^k (Q + P) / (Q - P): P, Q and 2^k, by the rational form of Cephes (S. Moshier), for |z| up to 708."""
    z = 708.0 if z > 708.0 else z  # a NaN stays one
    z = -708.0 if z < -708.0 else z
    shifted = fma(z, 1.4426950408889634, 6755399441055744.0)  # z / log 2 + 1.5 2^52, whose last bits are the integer k
    k, power = shifted - 6755399441055744.0, _float((_bits(shifted) + 1023) << 52)
    r = fma(k, -1.42860682030941723212e-6, fma(k, -6.93145751953125e-1, z))  # z - k log 2, log 2 in two parts
    q = r * r
    P = r * fma(fma(1.26177193074810590878e-4, q, 3.02994407707441961300e-2), q, 9.99999999999999999910e-1)
    Q = fma(fma(fma(3.00198505138664455042e-6, q, 2.52448340349684104192e-3), q, 2.27265548208155028766e-1), q, 2.0)
    return P, Q, power


@inlined
def logistic(x, gain):
    """1 / (1 + e^-(gain x)), equation (2), with a single division."""
    P, Q, power = _exponential(-gain * x)
    return (Q - P) / fma(Q + P, power, Q - P)


@inlined
def tanh(x):
    """(e^2x - 1) / (e^2x + 1), exact to the last digits near 0, too."""
    P, Q, power = _exponential(2.0 * x)
    return fma(Q, power - 1.0, P * (power + 1.0)) / fma(Q, power + 1.0, P * (power - 1.0))
