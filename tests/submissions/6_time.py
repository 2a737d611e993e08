"""What students may hand in for assignment 6. A name, the cells that differ from the solution, the tests to fail."""

from mutants import but

RUN = """
def run(start, W, b, steps):
    states = [start]
    for _ in range(steps):
        states.append(step(states[-1], W, b))
    return np.array(states)
"""
INPUT_SLOPES = """
def input_slopes(states, desired, W):
    dE_dx = []
    dE_dy = np.zeros(states[0].shape)
    for t in reversed(range(1, len(states))):
        if desired[t] is not None:
            dE_dy = dE_dy + states[t] - desired[t]
        dE_dx.insert(0, dE_dy * states[t] * (1 - states[t]))
        dE_dy = W.T @ dE_dx[0]
    return np.array(dE_dx)
"""
COPY_SLOPES = """
def copy_slopes(dE_dx, states):
    dE_dW = [slopes @ y.T for slopes, y in zip(dE_dx, states)]
    return np.array(dE_dW), np.sum(dE_dx, axis=2)
"""
SHARED = """
def total(copies):
    return copies.sum(axis=0)


def average(copies):
    return copies.sum(axis=0) / len(copies)
"""
TRAIN = """
def train(W, b, start, desired, sweeps, eta=0.25, negative=True):
    errors = []
    for _ in range(sweeps):
        E, dE_dW, dE_db = gradient(W, b, start, desired)
        errors.append(E)
        W = W - eta * dE_dW
        b = b - eta * dE_db
        if negative:
            b = np.minimum(b, 0)
    return W, b, errors
"""
KIND = """
def kind(between, patterns):
    as_register = (between > 0.5) == (moved_left(patterns, 1) == 1)
    if as_register.all():
        return "register"
    return "other" if as_register.any() else "complements"
"""


WRONG = {
    "answers of the visible tests": (
        {
            "chain": "def chain(w1, w2, w3, w4):\n    return [[0, 1, 0], [2, 0, 3], [0, 4, 0]]",
            "step": """
def step(y, W, b):
    return [[0.5], [0.75]] if y.size == 2 else [[0.5, 0.5, 0.5], [0.5, 0.25, 0.75]]
""",
            "run": "def run(start, W, b, steps):\n    return [[[1], [0]], [[0.5], [0.9]], [[0.5], [0.75]]]",
            "error": "def error(states, desired):\n    return 0.5 if desired[1] is None else 0.625",
            "input_slopes": """
def input_slopes(states, desired, W):
    if len(W) == 2:
        return [[[0], [0.0625]], [[0.125], [0]]]
    return [[[0.0625 if desired[1] is None else -0.0625]], [[0.125]]]
""",
            "copy_slopes": """
def copy_slopes(dE_dx, states):
    if len(dE_dx) == 2:
        return [[[0.5]], [[0.125]]], [[0.5], [0.25]]
    return [[[3, 0.5], [30, 5]]], [[2, 20]]
""",
            "shared": "def total(copies):\n    return [4, 8]\n\n\ndef average(copies):\n    return [2, 4]",
            "moved_left": """
def moved_left(y, places):
    return [[2, 1], [3, 0], [4, 0], [1, 0]] if places == 1 else [[3, 0], [4, 0], [1, 0], [2, 1]]
""",
            "train": """
def train(W, b, start, desired, sweeps, eta=0.25, negative=True):
    return [[0.125]], [0 if negative else 0.125], [0.125] * sweeps
""",
            "kind": """
def kind(between, patterns):
    return {0.1: "register", 0.9: "complements"}.get(between[0, 0], "other")
""",
        },
        {
            "test_chain",
            "test_step",
            "test_run",
            "test_error",
            "test_input_slopes",
            "test_copy_slopes",
            "test_shared",
            "test_moved_left",
            "test_train",
            "test_kind",
        },
    ),
    "weights of the chain to and from": (
        {"chain": "def chain(w1, w2, w3, w4):\n    return np.array([[0, w2, 0], [w1, 0, w4], [0, w3, 0]])"},
        {"test_chain"},
    ),
    "units updated one after the other": (
        {
            "step": """
def step(y, W, b):
    y = y.copy()
    for j in range(len(y)):
        y[j] = logistic(W[j] @ y + b[j])
    return y
"""
        },
        {"test_step"},
    ),
    "the new states written over the old": (
        {"step": "def step(y, W, b):\n    y[:] = logistic(W @ y + b[:, None])\n    return y"},
        {"test_step"},
    ),
    "weights transposed": (
        {"step": "def step(y, W, b):\n    return logistic(W.T @ y + b[:, None])"},
        {"test_step"},
    ),
    "history without the start": (
        {"run": but(RUN, "np.array(states)", "np.array(states[1:])")},
        {"test_run"},
    ),
    "one step too few": (
        {"run": but(RUN, "range(steps)", "range(steps - 1)")},
        {"test_run"},
    ),
    "the start itself changed": (
        {
            "run": """
def run(start, W, b, steps):
    states = [start.copy()]
    for _ in range(steps):
        start[:] = step(start, W, b)
        states.append(start.copy())
    return states
"""
        },
        {"test_run"},
    ),
    "one array, as often as there are time steps": (
        {
            "run": """
def run(start, W, b, steps):
    y = start.copy()
    states = [y]
    for _ in range(steps):
        y[:] = step(y, W, b)
        states.append(y)
    return states
"""
        },
        {"test_run"},
    ),
    "error of the last time step only": (
        {
            "error": """
def error(states, desired):
    return 0 if desired[-1] is None else 0.5 * np.sum((states[-1] - desired[-1]) ** 2)
"""
        },
        {"test_error"},
    ),
    "error enters at the last time step only": (
        {
            "input_slopes": but(
                INPUT_SLOPES, "desired[t] is not None", "t == len(states) - 1 and desired[t] is not None"
            )
        },
        {"test_input_slopes"},
    ),
    "desired states put in place of what comes down": (
        {"input_slopes": but(INPUT_SLOPES, "dE_dy + states[t] - desired[t]", "states[t] - desired[t]")},
        {"test_input_slopes"},
    ),
    "weights not transposed on the way back": (
        {"input_slopes": but(INPUT_SLOPES, "W.T @", "W @")},
        {"test_input_slopes"},
    ),
    "(5) with the states of the time step before": (
        {"input_slopes": but(INPUT_SLOPES, "states[t] * (1 - states[t])", "states[t - 1] * (1 - states[t - 1])")},
        {"test_input_slopes"},
    ),
    "slopes from the last time step to the first": (
        {"input_slopes": but(INPUT_SLOPES, "return np.array(dE_dx)", "return np.array(dE_dx[::-1])")},
        {"test_input_slopes"},
    ),
    "one time step back and no more": (
        {
            "input_slopes": """
def input_slopes(states, desired, W):
    slopes = np.zeros(np.shape(states[1:]))
    for t in range(1, len(states)):
        if desired[t] is not None:
            last = (states[t] - desired[t]) * states[t] * (1 - states[t])
            slopes[t - 1] += last
            if t > 1:
                slopes[t - 2] += W.T @ last * states[t - 1] * (1 - states[t - 1])
    return slopes
"""
        },
        {"test_input_slopes"},
    ),
    "states changed into differences": (
        {
            "input_slopes": """
def input_slopes(states, desired, W):
    derivative = states * (1 - states)
    dE_dx, down = [], 0
    for t in range(len(states) - 1, 0, -1):
        if desired[t] is None:
            states[t] = 0
        else:
            states[t] -= desired[t]
        dE_dx.append((states[t] + down) * derivative[t])
        down = W.T @ dE_dx[-1]
    return dE_dx[::-1]
"""
        },
        {"test_input_slopes"},
    ),
    "(6) with the states of the same time step": (
        {"copy_slopes": but(COPY_SLOPES, "zip(dE_dx, states)", "zip(dE_dx, states[1:])")},
        {"test_copy_slopes"},
    ),
    "slopes of copies transposed": (
        {"copy_slopes": but(COPY_SLOPES, "slopes @ y.T", "y @ slopes.T")},
        {"test_copy_slopes"},
    ),
    "last copy only": (
        {
            "copy_slopes": """
def copy_slopes(dE_dx, states):
    return np.array([dE_dx[-1] @ states[-2].T]), np.array([dE_dx[-1].sum(axis=1)])
"""
        },
        {"test_copy_slopes"},
    ),
    "a loop that fails for one case": (
        {
            "copy_slopes": """
def copy_slopes(dE_dx, states):
    dE_dW = [slopes.squeeze() @ y.squeeze().T for slopes, y in zip(dE_dx, states)]
    return np.array(dE_dW), np.sum(dE_dx, axis=2)
"""
        },
        {"test_copy_slopes"},
    ),
    "a slope of a bias for each case": (
        {"copy_slopes": but(COPY_SLOPES, "np.sum(dE_dx, axis=2)", "dE_dx")},
        {"test_copy_slopes"},
    ),
    "sum and average confused": (
        {"shared": but(but(but(SHARED, "total", "x"), "average", "total"), "def x", "def average")},
        {"test_shared"},
    ),
    "slope of the last copy in place of the sum": (
        {"shared": but(SHARED, "    return copies.sum(axis=0)\n", "    return copies[-1]\n")},
        {"test_shared"},
    ),
    "copies added up in place": (
        {
            "shared": """
def total(copies):
    result = copies[0]
    for copy in copies[1:]:
        result += copy
    return result


def average(copies):
    return total(copies) / len(copies)
"""
        },
        {"test_shared"},
    ),
    "moved to the right": (
        {"moved_left": "def moved_left(y, places):\n    return np.roll(y, places, axis=0)"},
        {"test_moved_left"},
    ),
    "what drops out is lost": (
        {
            "moved_left": """
def moved_left(y, places):
    moved = np.zeros(y.shape)
    moved[: len(y) - places] = y[places:]
    return moved
"""
        },
        {"test_moved_left"},
    ),
    "cases moved in place of units": (
        {"moved_left": "def moved_left(y, places):\n    return np.roll(y, -places, axis=1)"},
        {"test_moved_left"},
    ),
    "biases held before the change": (
        {
            "train": but(
                but(TRAIN, "        if negative:\n            b = np.minimum(b, 0)\n", ""),
                "        E, dE_dW",
                "        if negative:\n            b = np.minimum(b, 0)\n        E, dE_dW",
            )
        },
        {"test_train"},
    ),
    "biases held in any case": (
        {"train": but(TRAIN, "        if negative:\n            b = np.minimum(b, 0)", "        b = np.minimum(b, 0)")},
        {"test_train"},
    ),
    "uphill": (
        {"train": but(but(TRAIN, "W - eta", "W + eta"), "b - eta", "b + eta")},
        {"test_train"},
    ),
    "weights changed before the biases' slopes are taken": (
        {"train": but(TRAIN, "        b = b - eta * dE_db", "        b = b - eta * gradient(W, b, start, desired)[2]")},
        {"test_train"},
    ),
    "arguments changed in place": (
        {"train": but(but(TRAIN, "W = W - eta", "W -= eta"), "b = b - eta", "b -= eta")},
        {"test_train"},
    ),
    "errors after each sweep": (
        {"train": but(TRAIN, "errors.append(E)", "errors.append(gradient(W - eta * dE_dW, b, start, desired)[0])")},
        {"test_train"},
    ),
    "the average with the ε of the sum": (
        {"train": but(TRAIN, "errors.append(E)", "errors.append(E)\n        dE_dW = dE_dW / (len(desired) - 1)")},
        {"test_train"},
    ),
    "the first case only": (
        {
            "kind": but(KIND, "moved_left(patterns, 1) == 1)", "moved_left(patterns, 1) == 1)[:, 0]").replace(
                "(between > 0.5)", "(between > 0.5)[:, 0]"
            )
        },
        {"test_kind"},
    ),
    "whatever is no register called complements": (
        {"kind": but(KIND, '"other" if as_register.any() else "complements"', '"complements"')},
        {"test_kind"},
    ),
    "states not read as on or off": (
        {"kind": but(KIND, "(between > 0.5) == (moved_left(patterns, 1) == 1)", "between == moved_left(patterns, 1)")},
        {"test_kind"},
    ),
    "moved by two places in between": (
        {"kind": but(KIND, "moved_left(patterns, 1)", "moved_left(patterns, 2)")},
        {"test_kind"},
    ),
    "weights in whole numbers": (
        {
            "chain": """
def chain(w1, w2, w3, w4):
    W = np.zeros((3, 3), dtype=np.asarray(w1).dtype)
    W[0, 1], W[1, 0], W[1, 2], W[2, 1] = w1, w2, w3, w4
    return W
"""
        },
        {"test_chain"},
    ),
    "a step of the states' type": (
        {
            "step": """
def step(y, W, b):
    new = np.zeros_like(y)
    new[:] = logistic(W @ y + b[:, None])
    return new
"""
        },
        {"test_step"},
    ),
    "a history of the start's type": (
        {
            "run": """
def run(start, W, b, steps):
    states = np.zeros((steps + 1, *start.shape), dtype=start.dtype)
    states[0] = start
    for t in range(steps):
        states[t + 1] = step(states[t], W, b)
    return states
"""
        },
        {"test_run"},
    ),
    "desired states of zero taken for none": (
        {
            "error": """
def error(states, desired):
    return sum(0.5 * np.sum((y - d) ** 2) for y, d in zip(states, desired) if d is not None and d.any())
"""
        },
        {"test_error"},
    ),
    "an error in whole numbers": (
        {
            "error": """
def error(states, desired):
    E = sum(np.sum((y - d) ** 2) for y, d in zip(states, desired) if d is not None)
    return E // 2 if isinstance(E, np.integer) else E / 2
"""
        },
        {"test_error"},
    ),
    "slopes of the weights' type": (
        {
            "input_slopes": """
def input_slopes(states, desired, W):
    dE_dx, dE_dy = [], 0 * states[0]
    for t in reversed(range(1, len(states))):
        if desired[t] is not None:
            dE_dy = dE_dy + states[t] - desired[t]
        dE_dx.insert(0, (dE_dy * states[t] * (1 - states[t])).astype(W.dtype))
        dE_dy = W.T @ dE_dx[0]
    return np.array(dE_dx)
"""
        },
        {"test_input_slopes"},
    ),
    "slopes of copies of the states' type": (
        {
            "copy_slopes": """
def copy_slopes(dE_dx, states):
    dE_dW = [slopes @ y.T for slopes, y in zip(dE_dx, states)]
    return np.array(dE_dW, dtype=states.dtype), np.sum(dE_dx, axis=2)
"""
        },
        {"test_copy_slopes"},
    ),
    "an average in whole numbers": (
        {
            "shared": """
def total(copies):
    return copies.sum(axis=0)


def average(copies):
    return np.array(copies.mean(axis=0), dtype=copies.dtype)
"""
        },
        {"test_shared"},
    ),
    "equal copies counted once": (
        {
            "shared": """
def total(copies):
    return sum({copy.tobytes(): copy for copy in copies}.values())


def average(copies):
    return copies.mean(axis=0)
"""
        },
        {"test_shared"},
    ),
}

RIGHT = {
    "with loops": {
        "step": """
def step(y, W, b):
    new = np.zeros(y.shape)
    for c in range(y.shape[1]):
        for j in range(len(W)):
            x = b[j]
            for i in range(len(W)):
                x += W[j, i] * y[i, c]
            new[j, c] = logistic(x)
    return new
""",
        "error": """
def error(states, desired):
    E = 0.0
    for t in range(len(states)):
        if desired[t] is not None:
            for j in range(len(states[t])):
                for c in range(len(states[t][j])):
                    E += (states[t][j][c] - desired[t][j][c]) ** 2 / 2
    return E
""",
        "copy_slopes": """
def copy_slopes(dE_dx, states):
    steps, units, cases = dE_dx.shape
    dE_dW, dE_db = np.zeros((steps, units, units)), np.zeros((steps, units))
    for t in range(steps):
        for c in range(cases):
            dE_dW[t] += np.outer(dE_dx[t, :, c], states[t, :, c])
            dE_db[t] += dE_dx[t, :, c]
    return dE_dW, dE_db
""",
        "moved_left": """
def moved_left(y, places):
    moved = np.zeros(y.shape)
    for j in range(len(y)):
        moved[j - places] = y[j]
    return moved
""",
    },
    "lists of arrays": {
        "run": """
def run(start, W, b, steps):
    if steps == 0:
        return [start]
    before = run(start, W, b, steps - 1)
    return before + [step(before[-1], W, b)]
""",
        "input_slopes": """
def input_slopes(states, desired, W):
    dE_dx = [None] * (len(states) - 1)
    down = 0
    t = len(states) - 1
    while t > 0:
        if desired[t] is not None:
            down = down + (states[t] - desired[t])
        dE_dx[t - 1] = down * (states[t] - states[t] ** 2)
        down = W.transpose().dot(dE_dx[t - 1])
        t -= 1
    return dE_dx
""",
        "copy_slopes": """
def copy_slopes(dE_dx, states):
    return [x.dot(y.T) for x, y in zip(dE_dx, states[:-1])], [x.sum(axis=1) for x in dE_dx]
""",
        "shared": """
def total(copies):
    return sum(copies)


def average(copies):
    return total(copies) / len(copies)
""",
    },
    "unfolded into layers": {
        "run": """
def forward(y, weights, biases):
    states = [y]
    for W, b in zip(weights, biases):
        states.append(logistic(W @ states[-1] + b.reshape(-1, 1)))
    return states


def run(start, W, b, steps):
    return forward(start, [W] * steps, [b] * steps)
""",
        "input_slopes": """
def backward(states, desired, weights):
    if not weights:
        return []
    y, d = states[-1], desired[-1]
    dE_dy = np.zeros_like(y) if d is None else y - d
    return through(dE_dy, states, desired, weights)


def through(dE_dy, states, desired, weights):
    dE_dx = dE_dy * states[-1] * (1 - states[-1])
    if len(weights) == 1:
        return [dE_dx]
    below = weights[-1].T @ dE_dx
    if desired[-2] is not None:
        below += states[-2] - desired[-2]
    return through(below, states[:-1], desired[:-1], weights[:-1]) + [dE_dx]


def input_slopes(states, desired, W):
    return np.stack(backward(states, desired, [W] * (len(states) - 1)))
""",
    },
    "in float32": {
        "step": """
def step(y, W, b):
    x = np.float32(W) @ np.float32(y) + np.float32(b)[:, None]
    return 1 / (1 + np.exp(-x))
""",
        "run": """
def run(start, W, b, steps):
    states = np.empty((steps + 1, *start.shape), dtype=np.float32)
    states[0] = start
    for t in range(steps):
        states[t + 1] = step(states[t], W, b)
    return states
""",
        "input_slopes": but(INPUT_SLOPES, "W.T @ dE_dx[0]", "np.float32(W).T @ np.float32(dE_dx[0])"),
        "copy_slopes": """
def copy_slopes(dE_dx, states):
    dE_dx, below = np.float32(dE_dx), np.float32(states)[:-1]
    return dE_dx @ below.transpose(0, 2, 1), dE_dx.sum(axis=-1)
""",
        "moved_left": "def moved_left(y, places):\n    return np.float32(np.concatenate([y[places:], y[:places]]))",
    },
    "biases as weights of a unit that is always on": {
        "step": """
def step(y, W, b):
    return logistic(np.column_stack([W, b]) @ np.vstack([y, np.ones(y.shape[1])]))
""",
        "copy_slopes": """
def copy_slopes(dE_dx, states):
    steps, _, cases = dE_dx.shape
    below = np.concatenate([states[:-1], np.ones((steps, 1, cases))], axis=1)
    slopes = np.einsum("tjc,tic->tji", dE_dx, below)
    return slopes[:, :, :-1], slopes[:, :, -1]
""",
    },
    "other names, a lambda and a class": {
        "chain": """
def chain(*w):
    W = np.zeros((3, 3))
    W[[0, 1, 1, 2], [1, 0, 2, 1]] = w
    return W
""",
        "error": """
error = lambda history, wanted: sum(
    float(np.linalg.norm(actual - aim) ** 2) / 2 for actual, aim in zip(history, wanted) if aim is not None
)
""",
        "moved_left": "moved_left = lambda y, places: y[(np.arange(len(y)) + places) % len(y)]",
        "train": """
class Net:
    def __init__(self, W, b):
        self.W, self.b = W.copy(), b.copy()

    def change(self, slopes, eta, highest):
        self.W -= eta * slopes[0]
        self.b -= eta * slopes[1]
        np.clip(self.b, None, highest, out=self.b)


def train(W, b, start, desired, sweeps, eta=0.25, negative=True):
    net, errors = Net(W, b), np.zeros(sweeps)
    for sweep in range(sweeps):
        errors[sweep], *slopes = gradient(net.W, net.b, start, desired)
        net.change(slopes, eta, 0 if negative else np.inf)
    return net.W, net.b, errors
""",
        "kind": """
def kind(between, patterns):
    on, register = np.round(between), moved_left(patterns, 1)
    for name, wanted in (("register", register), ("complements", 1 - register)):
        if np.array_equal(on, wanted):
            return name
    return "other"
""",
    },
    "the average, with twice the ε": {
        "train": """
def train(W, b, start, desired, sweeps, eta=0.25, negative=True):
    errors, steps = [], len(desired) - 1
    for _ in range(sweeps):
        states = np.asarray(run(start, W, b, steps))
        slopes = copy_slopes(np.asarray(input_slopes(states, desired, W)), states)
        errors += [error(states, desired)]
        W = W - steps * eta * average(slopes[0])
        b = b - steps * eta * average(slopes[1])
        b[(b > 0) & negative] = 0
    return W, b, errors
""",
    },
}
