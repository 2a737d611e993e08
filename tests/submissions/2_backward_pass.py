"""What students may hand in for assignment 2. A name, the cells that differ from the solution, the tests to fail."""

from mutants import but

CHECK = """
def gradient_check(slopes):
    rng = np.random.default_rng(3)
    y, d = rng.uniform(size=(3, 5)), rng.uniform(size=(2, 5))  # five cases
    weights = [rng.normal(size=(4, 3)), rng.normal(size=(2, 4))]
    biases = [rng.normal(size=4), rng.normal(size=2)]

    def E(weights, biases):
        return error(forward(y, weights, biases)[-1], d)

    dE_dW, dE_db = slopes(y, d, weights, biases)
"""
BACKWARD = """
def backward(states, d, weights):
    dE_dW, dE_db = [], []
    dE_dy = error_slopes(states[-1], d)
    for k in reversed(range(len(weights))):
        dE_dx = through_unit(dE_dy, states[k + 1])
        dE_dW.insert(0, weight_slopes(dE_dx, states[k]))
        dE_db.insert(0, bias_slopes(dE_dx))
        dE_dy = slopes_below(dE_dx, weights[k])
    return dE_dW, dE_db
"""
CENTRAL = """
def central_difference(E, w, step=1e-5):
    slopes = np.zeros(w.shape)
    for at in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[at] += step
        down[at] -= step
        slopes[at] = (E(up) - E(down)) / (2 * step)
    return slopes
"""


WRONG = {
    "half forgotten in the error": (
        {"error": "def error(y, d):\n    return np.sum((y - d) ** 2)"},
        {"test_error"},
    ),
    "mean in place of the sum": (
        {"error": "def error(y, d):\n    return 0.5 * np.mean((y - d) ** 2)"},
        {"test_error"},
    ),
    "an error for each case": (
        {"error": "def error(y, d):\n    return 0.5 * ((y - d) ** 2).sum(axis=0)"},
        {"test_error"},
    ),
    "answers of the visible tests": (
        {
            "error": "def error(y, d):\n    return 0.125 if y.size == 1 else 1",
            "error_slopes": "def error_slopes(y, d):\n    return [[-0.25, 0.25]]",
            "through_unit": "def through_unit(dE_dy, y):\n    return [[0.5, 0.18, 0]]",
            "weight_slopes": """
def weight_slopes(dE_dx, y):
    return [[8]] if len(y) == 1 else [[1, 0.5, 0], [10, 5, 0]]
""",
            "bias_slopes": "def bias_slopes(dE_dx):\n    return [6, 0.5]",
            "slopes_below": "def slopes_below(dE_dx, W):\n    return [[6], [12]]",
            "backward": """
def backward(states, d, weights):
    return [[[0.0625]], [[0.0625]]], [[0.0625], [0.125]]
""",
            "central_difference": """
def central_difference(E, w, step=1e-5):
    return 2 * w if w.ndim == 1 else [[0, 3], [0, 0]]
""",
            "gradient_check": "def gradient_check(slopes):\n    return slopes.__name__ != 'twice'",
        },
        {
            "test_error",
            "test_error_slopes",
            "test_through_unit",
            "test_weight_slopes",
            "test_bias_slopes",
            "test_slopes_below",
            "test_backward",
            "test_central_difference",
            "test_gradient_check",
        },
    ),
    "wrong sign of the difference": (
        {"error_slopes": "def error_slopes(y, d):\n    return d - y"},
        {"test_error_slopes"},
    ),
    "a slope without a sign": (
        {"error_slopes": "def error_slopes(y, d):\n    return abs(y - d)"},
        {"test_error_slopes"},
    ),
    "y (1 - y) forgotten": (
        {"through_unit": "def through_unit(dE_dy, y):\n    return dE_dy"},
        {"test_through_unit"},
    ),
    "y taken for a total input": (
        {"through_unit": "def through_unit(dE_dy, y):\n    return dE_dy * logistic(y) * (1 - logistic(y))"},
        {"test_through_unit"},
    ),
    "slopes changed in place": (
        {"through_unit": "def through_unit(dE_dy, y):\n    dE_dy *= y * (1 - y)\n    return dE_dy"},
        {"test_through_unit"},
    ),
    "slopes of weights transposed": (
        {"weight_slopes": "def weight_slopes(dE_dx, y):\n    return y @ dE_dx.T"},
        {"test_weight_slopes"},
    ),
    "mean over the cases": (
        {"weight_slopes": "def weight_slopes(dE_dx, y):\n    return dE_dx @ y.T / y.shape[1]"},
        {"test_weight_slopes"},
    ),
    "last case in place of the sum": (
        {
            "weight_slopes": """
def weight_slopes(dE_dx, y):
    for c in range(y.shape[1]):
        slopes = np.outer(dE_dx[:, c], y[:, c])
    return slopes
"""
        },
        {"test_weight_slopes"},
    ),
    "a loop that fails for one case": (
        {
            "weight_slopes": """
def weight_slopes(dE_dx, y):
    dE_dx, y = np.squeeze(dE_dx), np.squeeze(y)
    slopes = 0
    for c in range(y.shape[1]):
        slopes = slopes + np.outer(dE_dx[:, c], y[:, c])
    return slopes
"""
        },
        {"test_weight_slopes"},
    ),
    "a slope of a bias for each case": (
        {"bias_slopes": "def bias_slopes(dE_dx):\n    return dE_dx"},
        {"test_bias_slopes"},
    ),
    "biases summed over units": (
        {"bias_slopes": "def bias_slopes(dE_dx):\n    return dE_dx.sum(axis=0)"},
        {"test_bias_slopes"},
    ),
    "weights not transposed on the way back": (
        {"slopes_below": "def slopes_below(dE_dx, W):\n    return W @ dE_dx"},
        {"test_slopes_below"},
    ),
    "sum over cases on the way back": (
        {"slopes_below": "def slopes_below(dE_dx, W):\n    return (W.T @ dE_dx).sum(axis=1, keepdims=True)"},
        {"test_slopes_below"},
    ),
    "slopes from the top down": (
        {"backward": but(BACKWARD, "return dE_dW, dE_db", "return dE_dW[::-1], dE_db[::-1]")},
        {"test_backward"},
    ),
    "(5) at the output only": (
        {
            "backward": but(
                BACKWARD,
                "dE_dx = through_unit(dE_dy, states[k + 1])",
                "dE_dx = through_unit(dE_dy, states[-1]) if k == len(weights) - 1 else dE_dy",
            )
        },
        {"test_backward"},
    ),
    "states of the wrong layer": (
        {"backward": but(BACKWARD, "weight_slopes(dE_dx, states[k])", "weight_slopes(dE_dx, states[k + 1])")},
        {"test_backward"},
    ),
    "weights changed before the pass has ended": (
        {
            "backward": but(
                BACKWARD,
                "        dE_dy = slopes_below",
                "        weights[k] -= 0.1 * dE_dW[0]\n        dE_dy = slopes_below",
            )
        },
        {"test_backward"},
    ),
    "two layers and no more": (
        {
            "backward": """
def backward(states, d, weights):
    upper = through_unit(error_slopes(states[2], d), states[2])
    lower = through_unit(slopes_below(upper, weights[1]), states[1])
    dE_dW = [weight_slopes(lower, states[0]), weight_slopes(upper, states[1])]
    return dE_dW, [bias_slopes(lower), bias_slopes(upper)]
"""
        },
        {"test_backward"},
    ),
    "a step to one side": (
        {"central_difference": but(CENTRAL, "(E(up) - E(down)) / (2 * step)", "(E(up) - E(w)) / step")},
        {"test_central_difference"},
    ),
    "divided by one step": (
        {"central_difference": but(CENTRAL, "/ (2 * step)", "/ step")},
        {"test_central_difference"},
    ),
    "all weights moved at once": (
        {"central_difference": but(but(CENTRAL, "up[at] += step", "up += step"), "down[at] -= step", "down -= step")},
        {"test_central_difference"},
    ),
    "the weights themselves moved": (
        {"central_difference": but(CENTRAL, "up, down = w.copy(), w.copy()", "down, up = w.copy(), w")},
        {"test_central_difference"},
    ),
    "a check that always agrees": (
        {"gradient_check": CHECK + "    return True"},
        {"test_gradient_check"},
    ),
    "biases not checked": (
        {
            "gradient_check": CHECK
            + """
    lower = central_difference(lambda W: E([W, weights[1]], biases), weights[0])
    upper = central_difference(lambda W: E([weights[0], W], biases), weights[1])
    return np.allclose(lower, dE_dW[0]) and np.allclose(upper, dE_dW[1])
"""
        },
        {"test_gradient_check"},
    ),
    "an error in whole numbers": (
        {
            "error": """
def error(y, d):
    E = np.sum((y - d) ** 2)
    return E // 2 if E % 1 == 0 and E > 1 else E / 2
"""
        },
        {"test_error"},
    ),
    "the type of the slopes above": (
        {
            "through_unit": """
def through_unit(dE_dy, y):
    dE_dx = np.zeros_like(dE_dy)
    dE_dx[:] = dE_dy * y * (1 - y)
    return dE_dx
"""
        },
        {"test_through_unit"},
    ),
    "slopes of weights of the type of the outputs": (
        {
            "weight_slopes": """
def weight_slopes(dE_dx, y):
    slopes = np.zeros((len(dE_dx), len(y)), dtype=y.dtype)
    slopes[:] = dE_dx @ y.T
    return slopes
"""
        },
        {"test_weight_slopes"},
    ),
    "equal slopes counted once": (
        {"bias_slopes": "def bias_slopes(dE_dx):\n    return [np.unique(row).sum() for row in dE_dx]"},
        {"test_bias_slopes"},
    ),
    "slopes below of the type of the weights": (
        {"slopes_below": "def slopes_below(dE_dx, W):\n    return (W.T @ dE_dx).astype(W.dtype)"},
        {"test_slopes_below"},
    ),
    "slopes of the type of the desired states": (
        {
            "backward": but(
                BACKWARD,
                "    dE_dy = error_slopes(states[-1], d)\n",
                "    dE_dy = error_slopes(states[-1], d).astype(d.dtype)\n",
            )
        },
        {"test_backward"},
    ),
    "the first slope of each array checked": (
        {
            "gradient_check": CHECK
            + """
    first = [
        central_difference(lambda W: E([W, weights[1]], biases), weights[0])[0, 0] - dE_dW[0][0, 0],
        central_difference(lambda W: E([weights[0], W], biases), weights[1])[0, 0] - dE_dW[1][0, 0],
        central_difference(lambda b: E(weights, [b, biases[1]]), biases[0])[0] - dE_db[0][0],
        central_difference(lambda b: E(weights, [biases[0], b]), biases[1])[0] - dE_db[1][0],
    ]
    return np.allclose(first, 0, atol=1e-6)
"""
        },
        {"test_gradient_check"},
    ),
    "differences with their signs": (
        {
            "gradient_check": CHECK
            + """
    differences = [
        central_difference(lambda W: E([W, weights[1]], biases), weights[0]) - dE_dW[0],
        central_difference(lambda W: E([weights[0], W], biases), weights[1]) - dE_dW[1],
        central_difference(lambda b: E(weights, [b, biases[1]]), biases[0]) - dE_db[0],
        central_difference(lambda b: E(weights, [biases[0], b]), biases[1]) - dE_db[1],
    ]
    return bool(max(difference.max() for difference in differences) < 1e-6)
"""
        },
        {"test_gradient_check"},
    ),
}

RIGHT = {
    "with loops": {
        "error": """
def error(y, d):
    E = 0.0
    for j in range(len(y)):
        for c in range(len(y[j])):
            E += (y[j][c] - d[j][c]) ** 2 / 2
    return E
""",
        "weight_slopes": """
def weight_slopes(dE_dx, y):
    slopes = np.zeros((len(dE_dx), len(y)))
    for j in range(slopes.shape[0]):
        for i in range(slopes.shape[1]):
            for c in range(y.shape[1]):
                slopes[j, i] += dE_dx[j, c] * y[i, c]
    return slopes
""",
        "bias_slopes": "def bias_slopes(dE_dx):\n    return [sum(row) for row in dE_dx]",
        "slopes_below": """
def slopes_below(dE_dx, W):
    slopes = np.zeros((W.shape[1], dE_dx.shape[1]))
    for c in range(dE_dx.shape[1]):
        for j in range(W.shape[0]):
            for i in range(W.shape[1]):
                slopes[i, c] += dE_dx[j, c] * W[j, i]
    return slopes
""",
    },
    "all in one function": {
        "backward": """
def backward(states, d, weights):
    delta = (states[-1] - d) * states[-1] * (1 - states[-1])
    by_weight, by_bias = [None] * len(weights), [None] * len(weights)
    k = len(weights) - 1
    while True:
        by_weight[k], by_bias[k] = np.dot(delta, states[k].transpose()), np.sum(delta, 1)
        if k == 0:
            return by_weight, by_bias
        delta = np.dot(weights[k].transpose(), delta) * states[k] * (1 - states[k])
        k -= 1
""",
        "central_difference": """
def central_difference(E, w, step=1e-5):
    moves = [move.reshape(w.shape) for move in step * np.eye(w.size)]
    return np.reshape([(E(w + move) - E(w - move)) / step / 2 for move in moves], w.shape)
""",
    },
    "other names, recursion and einsum": {
        "error": "error = lambda actual, desired: float(np.linalg.norm(actual - desired) ** 2 / 2)",
        "through_unit": """
def bell(output):
    return output - output**2


def through_unit(slope, output):
    return slope * bell(output)
""",
        "weight_slopes": """
def weight_slopes(slope, below):
    return np.einsum("jc,ic->ji", slope, below)
""",
        "bias_slopes": """
def bias_slopes(slope):
    return weight_slopes(slope, np.ones((1, slope.shape[1])))[:, 0]
""",
        "slopes_below": "slopes_below = lambda slope, W: (slope.T @ W).T",
        "backward": """
def backward(states, d, weights):
    def down(k, slope):
        if k < 0:
            return [], []
        slope = slope * bell(states[k + 1])
        matrices, vectors = down(k - 1, slopes_below(slope, weights[k]))
        return matrices + [weight_slopes(slope, states[k])], vectors + [bias_slopes(slope)]

    return down(len(weights) - 1, states[-1] - d)
""",
    },
    "in float32": {
        "error": """
def error(y, d):
    difference = np.float32(y) - np.float32(d)
    return np.float32(0.5) * np.vdot(difference, difference)
""",
        "through_unit": """
def through_unit(dE_dy, y):
    return np.float32(dE_dy) * np.float32(y) * (1 - np.float32(y))
""",
        "weight_slopes": "def weight_slopes(dE_dx, y):\n    return np.float32(dE_dx) @ np.float32(y).T",
        "slopes_below": "def slopes_below(dE_dx, W):\n    return np.float32(W).T @ np.float32(dE_dx)",
    },
    "biases as weights of an extra input": {
        "bias_slopes": "def bias_slopes(dE_dx):\n    return dE_dx @ np.ones(dE_dx.shape[1])",
        "backward": """
def backward(states, d, weights):
    above = states[-1] - d
    slopes = []
    for W, y, below in zip(weights[::-1], states[:0:-1], states[-2::-1]):
        dE_dx = above * y * (1 - y)
        slopes.append(weight_slopes(dE_dx, np.vstack([below, np.ones(below.shape[1])])))
        above = slopes_below(dE_dx, W)
    slopes.reverse()
    return [s[:, :-1] for s in slopes], [s[:, -1] for s in slopes]
""",
    },
    "a check with a loop, and numbers in place of True": {
        "gradient_check": CHECK
        + """
    largest = 0
    for k in range(2):
        def of_weights(W):
            return E([W if i == k else weights[i] for i in range(2)], biases)

        def of_biases(b):
            return E(weights, [b if i == k else biases[i] for i in range(2)])

        largest = max(
            largest,
            abs(central_difference(of_weights, weights[k]) - dE_dW[k]).max(),
            abs(central_difference(of_biases, biases[k]) - dE_db[k]).max(),
        )
    return int(largest < 1e-6)
"""
    },
}
