"""What students may hand in for assignment 3. A name, the cells that differ from the solution, the tests to fail."""

from mutants import but

DESCEND = """
def descend(gradient, w, epsilon, sweeps):
    path = [w]
    for _ in range(sweeps):
        path.append(step(path[-1], gradient(path[-1]), epsilon))
    return np.array(path)
"""
ALL_CASES = """
def after_all_cases(case_gradient, w, cases, epsilon):
    dE_dw = np.zeros(w.shape)
    for case in cases:
        dE_dw = dE_dw + case_gradient(w, case)
    return step(w, dE_dw, epsilon)
"""
EACH_CASE = """
def after_each_case(case_gradient, w, cases, epsilon):
    for case in cases:
        w = step(w, case_gradient(w, case), epsilon)
    return w
"""
MOMENTUM = """
def momentum_step(w, velocity, dE_dw, epsilon, alpha):
    velocity = -epsilon * dE_dw + alpha * velocity
    return w + velocity, velocity
"""
TRAIN = """
def train(passes, w, d, epsilon, alpha, sweeps):
    velocity = np.zeros(w.shape)
    errors = []
    for _ in range(sweeps):
        y, E, dE_dw = passes(w)
        errors.append(E)
        if solved(y, d):
            break
        w, velocity = momentum_step(w, velocity, dE_dw, epsilon, alpha)
    return w, errors
"""


WRONG = {
    "uphill": (
        {"step": "def step(w, dE_dw, epsilon):\n    return w + epsilon * dE_dw"},
        {"test_step"},
    ),
    "the point itself moved": (
        {"step": "def step(w, dE_dw, epsilon):\n    w -= epsilon * dE_dw\n    return w"},
        {"test_step"},
    ),
    "answers of the visible tests": (
        {
            "step": "def step(w, dE_dw, epsilon):\n    return [0.5, 2, 1]",
            "descend": """
def descend(gradient, w, epsilon, sweeps):
    return [[8], [4], [2], [1]] if sweeps == 3 else [[-10, 1], [-9.9, 0]]
""",
            "after_all_cases": "def after_all_cases(case_gradient, w, cases, epsilon):\n    return [1]",
            "after_each_case": "def after_each_case(case_gradient, w, cases, epsilon):\n    return [0.9375]",
            "momentum_step": """
def momentum_step(w, velocity, dE_dw, epsilon, alpha):
    return (np.array([1.25, 1.5]), [0.25, 0.5]) if dE_dw.any() else (np.array([1.5, 1]), [0.5, 0])
""",
            "terminal_velocity": """
def terminal_velocity(dE_dw, epsilon, alpha):
    return [-1] if alpha else [-0.1, 0.3]
""",
            "choice": "def choice():\n    return 0.01, 0.9",
            "solved": "def solved(y, d):\n    return y[0, 1] == 0.8 and y[0, 3] == 0.4",
            "train": """
def train(passes, w, d, epsilon, alpha, sweeps):
    return [0.5625], [0.5, 0.28125, 0.0957][:sweeps]
""",
        },
        {
            "test_step",
            "test_descend",
            "test_after_all_cases",
            "test_after_each_case",
            "test_momentum_step",
            "test_terminal_velocity",
            "test_choice",
            "test_solved",
            "test_train",
        },
    ),
    "the first point left out": (
        {"descend": but(DESCEND, "np.array(path)", "np.array(path[1:])")},
        {"test_descend"},
    ),
    "one step too few": (
        {"descend": but(DESCEND, "range(sweeps)", "range(1, sweeps)")},
        {"test_descend"},
    ),
    "the last point only": (
        {"descend": but(DESCEND, "np.array(path)", "path[-1]")},
        {"test_descend"},
    ),
    "the gradient of the first point at all points": (
        {"descend": but(DESCEND, "gradient(path[-1])", "gradient(w)")},
        {"test_descend"},
    ),
    "one point, moved, in all rows": (
        {
            "descend": """
def descend(gradient, w, epsilon, sweeps):
    w = w.copy()
    path = [w]
    for _ in range(sweeps):
        w -= epsilon * gradient(w)
        path.append(w)
    return np.array(path)
"""
        },
        {"test_descend"},
    ),
    "weights changed before the gradient is finished": (
        {"after_all_cases": EACH_CASE.replace("after_each_case", "after_all_cases")},
        {"test_after_all_cases"},
    ),
    "mean in place of the sum": (
        {"after_all_cases": but(ALL_CASES, "step(w, dE_dw, ", "step(w, dE_dw / len(cases), ")},
        {"test_after_all_cases"},
    ),
    "last case in place of the sum": (
        {"after_all_cases": but(ALL_CASES, "dE_dw = dE_dw + case", "dE_dw = case")},
        {"test_after_all_cases"},
    ),
    "accumulated in the first case's own array": (
        {
            "after_all_cases": """
def after_all_cases(case_gradient, w, cases, epsilon):
    dE_dw = case_gradient(w, cases[0])
    for case in cases[1:]:
        dE_dw += case_gradient(w, case)
    return step(w, dE_dw, epsilon)
"""
        },
        {"test_after_all_cases"},
    ),
    "a sweep that fails for one case": (
        {
            "after_all_cases": """
def after_all_cases(case_gradient, w, cases, epsilon):
    first, second, *rest = [case_gradient(w, case) for case in cases]
    return step(w, sum(rest, first + second), epsilon)
"""
        },
        {"test_after_all_cases"},
    ),
    "slopes of each case taken before the sweep": (
        {"after_each_case": ALL_CASES.replace("after_all_cases", "after_each_case")},
        {"test_after_each_case"},
    ),
    "gradient accumulated, and weights changed after each case": (
        {
            "after_each_case": """
def after_each_case(case_gradient, w, cases, epsilon):
    dE_dw = 0
    for case in cases:
        dE_dw = dE_dw + case_gradient(w, case)
        w = step(w, dE_dw, epsilon)
    return w
"""
        },
        {"test_after_each_case"},
    ),
    "momentum without the old change": (
        {"momentum_step": but(MOMENTUM, " + alpha * velocity", "")},
        {"test_momentum_step"},
    ),
    "velocity not returned": (
        {"momentum_step": but(MOMENTUM, "return w + velocity, velocity", "return w + velocity")},
        {"test_momentum_step"},
    ),
    "alpha on the gradient, too": (
        {"momentum_step": but(MOMENTUM, "-epsilon * dE_dw + alpha * velocity", "alpha * (velocity - epsilon * dE_dw)")},
        {"test_momentum_step"},
    ),
    "a mean of gradient and velocity": (
        {"momentum_step": but(MOMENTUM, "-epsilon * dE_dw", "-epsilon * (1 - alpha) * dE_dw")},
        {"test_momentum_step"},
    ),
    "the old velocity moves the point": (
        {
            "momentum_step": """
def momentum_step(w, velocity, dE_dw, epsilon, alpha):
    return w + velocity, -epsilon * dE_dw + alpha * velocity
"""
        },
        {"test_momentum_step"},
    ),
    "the gradient's part only is handed on": (
        {
            "momentum_step": """
def momentum_step(w, velocity, dE_dw, epsilon, alpha):
    change = -epsilon * dE_dw
    return w + change + alpha * velocity, change
"""
        },
        {"test_momentum_step"},
    ),
    "Nesterov's momentum": (
        {"momentum_step": but(MOMENTUM, "return w + velocity,", "return w + alpha * velocity - epsilon * dE_dw,")},
        {"test_momentum_step"},
    ),
    "velocity changed in place": (
        {
            "momentum_step": """
def momentum_step(w, velocity, dE_dw, epsilon, alpha):
    velocity *= alpha
    velocity -= epsilon * dE_dw
    return w + velocity, velocity
"""
        },
        {"test_momentum_step"},
    ),
    "terminal velocity uphill": (
        {
            "terminal_velocity": """
def terminal_velocity(dE_dw, epsilon, alpha):
    return epsilon * dE_dw / (1 - alpha)
"""
        },
        {"test_terminal_velocity"},
    ),
    "divided by alpha": (
        {"terminal_velocity": "def terminal_velocity(dE_dw, epsilon, alpha):\n    return -epsilon * dE_dw / alpha"},
        {"test_terminal_velocity"},
    ),
    "plain descent through the valley": (
        {"choice": "def choice():\n    return 0.0198, 0"},
        {"test_choice"},
    ),
    "epsilon too large for the valley": (
        {"choice": "def choice():\n    return 0.2, 0.7"},
        {"test_choice"},
    ),
    "alpha and epsilon exchanged": (
        {"choice": "def choice():\n    return 0.7, 0.03"},
        {"test_choice"},
    ),
    "right on average": (
        {"solved": "def solved(y, d):\n    return np.mean(abs(y - d)) < 0.5"},
        {"test_solved"},
    ),
    "E is small": (
        {"solved": "def solved(y, d):\n    return np.sum((y - d) ** 2) / 2 < 0.125"},
        {"test_solved"},
    ),
    "only outputs that should be on": (
        {"solved": "def solved(y, d):\n    return np.all(y[d == 1] > 0.5)"},
        {"test_solved"},
    ),
    "first unit only": (
        {"solved": "def solved(y, d):\n    return np.all(abs(y - d)[0] < 0.5)"},
        {"test_solved"},
    ),
    "an answer for each output": (
        {"solved": "def solved(y, d):\n    return abs(y - d) < 0.5"},
        {"test_solved"},
    ),
    "velocity forgotten in each sweep": (
        {
            "train": but(
                but(TRAIN, "    velocity = np.zeros(w.shape)\n", ""),
                "        y, E",
                "        velocity = np.zeros(w.shape)\n        y, E",
            )
        },
        {"test_train"},
    ),
    "last error only": (
        {"train": but(but(TRAIN, "errors = []", "errors = [0]"), "errors.append(E)", "errors[0] = E")},
        {"test_train"},
    ),
    "stops a sweep too late": (
        {
            "train": """
def train(passes, w, d, epsilon, alpha, sweeps):
    velocity = np.zeros(w.shape)
    errors = []
    for _ in range(sweeps):
        y, E, dE_dw = passes(w)
        errors.append(E)
        w, velocity = momentum_step(w, velocity, dE_dw, epsilon, alpha)
        if solved(y, d):
            break
    return w, errors
"""
        },
        {"test_train"},
    ),
    "stops before the last error is kept": (
        {
            "train": """
def train(passes, w, d, epsilon, alpha, sweeps):
    velocity = np.zeros(w.shape)
    errors = []
    for _ in range(sweeps):
        y, E, dE_dw = passes(w)
        if solved(y, d):
            break
        errors.append(E)
        w, velocity = momentum_step(w, velocity, dE_dw, epsilon, alpha)
    return w, errors
"""
        },
        {"test_train"},
    ),
    "never stops before the last sweep": (
        {"train": but(TRAIN, "        if solved(y, d):\n            break\n", "")},
        {"test_train"},
    ),
    "one sweep too many": (
        {"train": but(TRAIN, "range(sweeps)", "range(sweeps + 1)")},
        {"test_train"},
    ),
    "the gradient of the start in all sweeps": (
        {
            "train": """
def train(passes, w, d, epsilon, alpha, sweeps):
    velocity, errors = 0 * w, []
    dE_dw = passes(w)[2]
    while len(errors) < sweeps:
        y, E, _ = passes(w)
        errors.append(E)
        if solved(y, d):
            break
        w, velocity = momentum_step(w, velocity, dE_dw, epsilon, alpha)
    return w, errors
"""
        },
        {"test_train"},
    ),
    "training changes the weights it is given": (
        {
            "train": but(
                TRAIN,
                "        w, velocity = momentum_step(w, velocity, dE_dw, epsilon, alpha)",
                "        velocity = alpha * velocity - epsilon * dE_dw\n        w += velocity",
            )
        },
        {"test_train"},
    ),
    "a step of the type of the slopes": (
        {"step": "def step(w, dE_dw, epsilon):\n    return w - (epsilon * dE_dw).astype(dE_dw.dtype)"},
        {"test_step"},
    ),
    "a path of the type of the start": (
        {
            "descend": """
def descend(gradient, w, epsilon, sweeps):
    path = np.zeros((sweeps + 1, w.size), dtype=w.dtype)
    path[0] = w
    for t in range(sweeps):
        path[t + 1] = step(path[t], gradient(path[t]), epsilon)
    return path
"""
        },
        {"test_descend"},
    ),
    "equal cases counted once": (
        {
            "after_all_cases": """
def after_all_cases(case_gradient, w, cases, epsilon):
    different = {tuple(np.ravel(case)): case for case in cases}.values()
    return step(w, sum(case_gradient(w, case) for case in different), epsilon)
"""
        },
        {"test_after_all_cases"},
    ),
    "equal cases seen once": (
        {
            "after_each_case": """
def after_each_case(case_gradient, w, cases, epsilon):
    for case in {tuple(np.ravel(case)): case for case in cases}.values():
        w = step(w, case_gradient(w, case), epsilon)
    return w
"""
        },
        {"test_after_each_case"},
    ),
    "a change of the type of the slopes": (
        {
            "momentum_step": """
def momentum_step(w, velocity, dE_dw, epsilon, alpha):
    change = np.zeros_like(dE_dw)
    change[:] = alpha * velocity - epsilon * dE_dw
    return w + change, change
"""
        },
        {"test_momentum_step"},
    ),
    "a terminal velocity of the type of the slopes": (
        {
            "terminal_velocity": """
def terminal_velocity(dE_dw, epsilon, alpha):
    return np.array(-epsilon * dE_dw / (1 - alpha), dtype=dE_dw.dtype)
"""
        },
        {"test_terminal_velocity"},
    ),
    "first and last output looked at": (
        {
            "solved": """
def solved(y, d):
    return abs(y[0, 0] - d[0, 0]) < 0.5 and abs(y[-1, -1] - d[-1, -1]) < 0.5 and np.mean(abs(y - d)) < 0.5
"""
        },
        {"test_solved"},
    ),
}

RIGHT = {
    "with loops and lists": {
        "step": """
def step(w, dE_dw, epsilon):
    new = []
    for i in range(len(w)):
        new.append(w[i] - epsilon * dE_dw[i])
    return new
""",
        "descend": """
def descend(gradient, w, epsilon, sweeps):
    points = np.zeros((sweeps + 1, len(w)))
    points[0] = w
    for t in range(sweeps):
        slopes = gradient(points[t].copy())
        for i in range(len(w)):
            points[t + 1, i] = points[t, i] - epsilon * slopes[i]
    return points
""",
        "after_all_cases": """
def after_all_cases(case_gradient, w, cases, epsilon):
    total = [0.0] * len(w)
    for case in cases:
        slopes = case_gradient(w, case)
        for i in range(len(w)):
            total[i] += slopes[i]
    return [w[i] - epsilon * total[i] for i in range(len(w))]
""",
        "momentum_step": """
def momentum_step(w, velocity, dE_dw, epsilon, alpha):
    change = [alpha * v - epsilon * slope for v, slope in zip(velocity, dE_dw)]
    return [old + new for old, new in zip(w, change)], change
""",
        "solved": """
def solved(y, d):
    for j in range(y.shape[0]):
        for c in range(y.shape[1]):
            if d[j, c] == 1 and y[j, c] < 0.5 or d[j, c] == 0 and y[j, c] > 0.5:
                return False
    return True
""",
        "train": """
def train(passes, w, d, epsilon, alpha, sweeps):
    velocity, errors = [0.0] * len(w), []
    y, E, slopes = passes(w)
    while len(errors) < sweeps:
        errors.append(E)
        if solved(y, d):
            return w, errors
        velocity = [alpha * v - epsilon * slope for v, slope in zip(velocity, slopes)]
        w = np.array([old + new for old, new in zip(w, velocity)])
        y, E, slopes = passes(w)
    return w, errors
""",
    },
    "one function calls another": {
        "descend": """
def descend(gradient, w, epsilon, sweeps):
    if sweeps == 0:
        return w[None, :]
    return np.vstack([w, descend(gradient, step(w, gradient(w), epsilon), epsilon, sweeps - 1)])
""",
        "after_all_cases": """
def after_all_cases(case_gradient, w, cases, epsilon):
    return descend(lambda w: sum(case_gradient(w, case) for case in cases), w, epsilon, 1)[-1]
""",
        "after_each_case": """
def after_each_case(case_gradient, w, cases, epsilon):
    for case in cases:
        w = after_all_cases(case_gradient, w, [case], epsilon)
    return w
""",
        "momentum_step": """
def momentum_step(w, velocity, dE_dw, epsilon, alpha):
    new = step(w + alpha * velocity, dE_dw, epsilon)
    return new, new - w
""",
        "terminal_velocity": """
def terminal_velocity(dE_dw, epsilon, alpha):
    w, velocity = np.zeros(len(dE_dw)), np.zeros(len(dE_dw))
    for _ in range(1000):
        w, velocity = momentum_step(w, velocity, dE_dw, epsilon, alpha)
    return velocity
""",
    },
    "other names, copies changed in place": {
        "step": """
def step(point, slopes, rate):
    point = point.copy()
    point -= rate * slopes
    return point
""",
        "after_each_case": """
def after_each_case(slopes_of, point, cases, rate):
    point = point.copy()
    for case in cases:
        point -= rate * slopes_of(point, case)
    return point
""",
        "momentum_step": """
def momentum_step(point, last, slopes, rate, keep):
    point, last = np.copy(point), np.copy(last)
    last *= keep
    last -= rate * slopes
    point += last
    return [point, last]
""",
        "solved": "solved = lambda actual, desired: int((np.round(actual) == desired).all())",
        "train": """
def train(both_passes, point, desired, rate, keep, limit):
    point, last, history = point.copy(), 0, np.empty(0)
    for _ in range(limit):
        actual, error, slopes = both_passes(point)
        history = np.append(history, error)
        if ((actual > 0.5) == desired).all():
            break
        last = keep * last - rate * slopes
        point += last
    return point, history
""",
    },
    "in float32": {
        "step": "def step(w, dE_dw, epsilon):\n    return np.float32(w) - np.float32(epsilon) * np.float32(dE_dw)",
        "momentum_step": """
def momentum_step(w, velocity, dE_dw, epsilon, alpha):
    velocity = np.float32(alpha) * np.float32(velocity) - np.float32(epsilon) * np.float32(dE_dw)
    return np.float32(w) + velocity, velocity
""",
        "terminal_velocity": """
def terminal_velocity(dE_dw, epsilon, alpha):
    return -np.float32(epsilon) * np.float32(dE_dw) / (np.float32(1) - np.float32(alpha))
""",
        "train": """
def train(passes, w, d, epsilon, alpha, sweeps):
    w = np.float32(w)
    velocity, errors = np.zeros_like(w), []
    for _ in range(sweeps):
        y, E, dE_dw = passes(w)
        errors.append(np.float32(E))
        if solved(y, d):
            break
        velocity = np.float32(alpha) * velocity - np.float32(epsilon) * np.float32(dE_dw)
        w = w + velocity
    return w, errors
""",
    },
    "a choice by trying": {
        "choice": """
def choice():
    best = None
    for epsilon in np.arange(0.005, 0.06, 0.005):
        for alpha in np.arange(0, 1, 0.1):
            w, velocity = np.array([-10.0, 1.0]), np.zeros(2)
            for _ in range(60):
                w, velocity = momentum_step(w, velocity, valley_gradient(w), epsilon, alpha)
            if best is None or valley(w) < best[0]:
                best = valley(w), epsilon, alpha
    return np.array(best[1:])
"""
    },
    "the geometric series, differences of points, another choice": {
        "terminal_velocity": """
def terminal_velocity(dE_dw, epsilon, alpha):
    total, part = 0 * dE_dw, -epsilon * dE_dw
    while np.any(abs(part) > 1e-12):
        total, part = total + part, part * alpha
    return total
""",
        "choice": "def choice():\n    return [0.02, 0.8]",
        "train": """
def train(passes, w, d, epsilon, alpha, sweeps):
    before, errors = w, []
    for sweep in range(sweeps):
        y, E, dE_dw = passes(w)
        errors += [E]
        if np.abs(y - d).max() < 0.5:
            break
        before, w = w, w - epsilon * dE_dw + alpha * (w - before)
    return w, tuple(errors)
""",
    },
}
