"""What students may hand in for assignment 1. A name, the cells that differ from the solution, the tests to fail."""

WRONG = {
    "first index of the sum left out": (
        {"total_input": "def total_input(y, w):\n    return sum(y[i] * w[i] for i in range(1, len(y)))"},
        {"test_total_input"},
    ),
    "mean in place of the sum": (
        {"total_input": "def total_input(y, w):\n    return np.mean(np.multiply(y, w))"},
        {"test_total_input"},
    ),
    "answers of the visible tests": (
        {
            "total_input": "def total_input(y, w):\n    return -1 if len(y) == 3 else 1.5",
            "logistic": """
def logistic(x):
    if np.ndim(x) == 1:
        return np.array([0.1192, 0.8808])
    return x + 0.5
""",
            "unit": "def unit(y, w, b):\n    return 0.5 if b == 0 else 0.8808",
            "extra_input": "def extra_input(y):\n    return [0.25, 0.5, 1] if len(y) == 2 else [0, 1]",
            "layer": "def layer(y, W, b):\n    return np.array([0.5, 0.7311, 0.8808])",
            "layer_of_cases": "def layer_of_cases(y, W, b):\n    return [[0.5, 0.5, 0.5], [0.7311, 0.7311, 0.5]]",
            "forward": """
def forward(y, weights, biases):
    return [y, [[0.5, 0.8808], [0.5, 0.1192]], [[0.5, 0.5]]]
""",
        },
        {
            "test_total_input",
            "test_logistic",
            "test_unit",
            "test_extra_input",
            "test_layer",
            "test_layer_of_cases",
            "test_forward",
        },
    ),
    "wrong sign in the exponent": (
        {"logistic": "def logistic(x):\n    return 1 / (1 + np.exp(x))"},
        {"test_logistic"},
    ),
    "a step in place of the logistic": (
        {"logistic": "def logistic(x):\n    return np.where(np.asarray(x) > 0, 1.0, 0.5)"},
        {"test_logistic"},
    ),
    "logistic of numbers only": (
        {"logistic": "import math\n\n\ndef logistic(x):\n    return 1 / (1 + math.exp(-x))"},
        {"test_logistic"},
    ),
    "logistic changes its input": (
        {
            "logistic": """
def logistic(x):
    if np.ndim(x) == 0:
        return 1 / (1 + np.exp(-x))
    x[...] = 1 / (1 + np.exp(-x))
    return x
"""
        },
        {"test_logistic"},
    ),
    "no return": (
        {"unit": "def unit(y, w, b):\n    logistic(total_input(y, w) + b)"},
        {"test_unit"},
    ),
    "bias forgotten in a unit": (
        {"unit": "def unit(y, w, b):\n    return logistic(total_input(y, w))"},
        {"test_unit"},
    ),
    "bias taken for a threshold": (
        {"unit": "def unit(y, w, b):\n    return logistic(total_input(y, w) - b)"},
        {"test_unit"},
    ),
    "logistic forgotten in a unit": (
        {"unit": "def unit(y, w, b):\n    return total_input(y, w) + b"},
        {"test_unit"},
    ),
    "the list itself made longer": (
        {
            "extra_input": """
def extra_input(y):
    if isinstance(y, np.ndarray):
        return np.append(y, 1)
    y.append(1)
    return y
"""
        },
        {"test_extra_input"},
    ),
    "weights transposed": (
        {"layer": "def layer(y, W, b):\n    return logistic(y @ W + b)"},
        {"test_layer"},
    ),
    "bias forgotten in a layer": (
        {"layer": "def layer(y, W, b):\n    return logistic(W @ y)"},
        {"test_layer"},
    ),
    "the layer's biases changed": (
        {"layer": "def layer(y, W, b):\n    b += W @ y\n    return logistic(b)"},
        {"test_layer"},
    ),
    "biases along the cases": (
        {"layer_of_cases": "def layer_of_cases(y, W, b):\n    return logistic(W @ y + b)"},
        {"test_layer_of_cases"},
    ),
    "first case only": (
        {"layer_of_cases": "def layer_of_cases(y, W, b):\n    return layer(y[:, 0], W, b)[:, None]"},
        {"test_layer_of_cases"},
    ),
    "last case left out of the loop": (
        {
            "layer_of_cases": """
def layer_of_cases(y, W, b):
    out = np.zeros((len(b), y.shape[1]))
    for c in range(y.shape[1] - 1):
        out[:, c] = layer(y[:, c], W, b)
    return out
"""
        },
        {"test_layer_of_cases"},
    ),
    "output layer only": (
        {
            "forward": """
def forward(y, weights, biases):
    for W, b in zip(weights, biases):
        y = layer_of_cases(y, W, b)
    return y
"""
        },
        {"test_forward"},
    ),
    "input not among the states": (
        {
            "forward": """
def forward(y, weights, biases):
    states = []
    for W, b in zip(weights, biases):
        y = layer_of_cases(y, W, b)
        states.append(y)
    return states
"""
        },
        {"test_forward"},
    ),
    "two layers and no more": (
        {
            "forward": """
def forward(y, weights, biases):
    hidden = layer_of_cases(y, weights[0], biases[0])
    return [y, hidden, layer_of_cases(hidden, weights[1], biases[1])]
"""
        },
        {"test_forward"},
    ),
    "or in place of and": (
        {"gates": "def and_unit():\n    return [10, 10], -5\n\n\ndef nor_unit():\n    return [-10, -10], 5"},
        {"test_gates"},
    ),
    "weights too small": (
        {
            "gates": "def and_unit():\n    return [1, 1], -1.5\n\n\ndef nor_unit():\n    return [-1, -1], 0.5",
            "xor_net": """
def xor_net():
    return [np.array([[1, 1], [-1, -1]]), np.array([[-1, -1]])], [np.array([-1.5, 0.5]), np.array([0.5])]
""",
        },
        {"test_gates", "test_xor"},
    ),
    "the same, not the other": (
        {
            "xor_net": """
def xor_net():
    return [np.array([[10, 10], [-10, -10]]), np.array([[10, 10]])], [np.array([-15, 5]), np.array([-5])]
"""
        },
        {"test_xor"},
    ),
    "a cell that is no Python": (
        {"layer": "def layer(y, W, b):\n    return logistic(W @ y + b"},
        {"test_layer"},
    ),
    "a sum of whole numbers": (
        {"total_input": "def total_input(y, w):\n    return int(np.dot(y, w)) if len(y) == 3 else np.dot(y, w)"},
        {"test_total_input"},
    ),
    "a sum of the type of the outputs": (
        {
            "total_input": """
def total_input(y, w):
    x = np.zeros(1, dtype=np.asarray(y).dtype)
    for i in range(len(y)):
        x[0] = x[0] + y[i] * w[i]
    return x[0] if len(y) != 3 else np.dot(y, w)
"""
        },
        {"test_total_input"},
    ),
    "outputs of the type of the total inputs": (
        {"logistic": "def logistic(x):\n    y = np.zeros_like(x)\n    y[...] = 1 / (1 + np.exp(-x))\n    return y"},
        {"test_logistic"},
    ),
    "an extra input of the type of the others": (
        {"extra_input": "def extra_input(y):\n    return [type(y[0])(value) for value in [*y, 1]] if y[0] else [*y]"},
        {"test_extra_input"},
    ),
    "a layer of the type of the outputs below": (
        {
            "layer": """
def layer(y, W, b):
    out = np.zeros(len(b), dtype=y.dtype)
    for j in range(len(b)):
        out[j] = unit(y, W[j], b[j])
    return out
"""
        },
        {"test_layer"},
    ),
    "cases of the type of the biases": (
        {
            "layer_of_cases": """
def layer_of_cases(y, W, b):
    out = np.empty((len(b), y.shape[1]), dtype=b.dtype)
    out[:] = logistic(W @ y + b[:, None])
    return out
"""
        },
        {"test_layer_of_cases"},
    ),
    "states of the type of the input": (
        {
            "forward": """
def forward(y, weights, biases):
    states = [y]
    for W, b in zip(weights, biases):
        states.append(layer_of_cases(states[-1], W, b).astype(y.dtype))
    return states
"""
        },
        {"test_forward"},
    ),
}

RIGHT = {
    "with loops": {
        "total_input": """
def total_input(y, w):
    x = 0
    for i in range(len(y)):
        x += y[i] * w[i]  # (1)
    return x
""",
        "layer": """
def layer(y, W, b):
    out = []
    for j in range(len(b)):
        out.append(unit(y, W[j], b[j]))
    return np.array(out)
""",
        "layer_of_cases": """
def layer_of_cases(y, W, b):
    columns = []
    for c in range(y.shape[1]):
        columns.append(layer(y[:, c], W, b))
    return np.array(columns).T
""",
        "forward": """
def forward(y, weights, biases):
    states = [y]
    for k in range(len(weights)):
        states = states + [layer_of_cases(states[k], weights[k], biases[k])]
    return tuple(states)
""",
    },
    "biases as weights of an extra input": {
        "unit": "def unit(y, w, b):\n    return logistic(total_input([*y, 1], [*w, b]))",
        "extra_input": "def extra_input(y):\n    return [*y, 1]",
        "layer": "def layer(y, W, b):\n    return logistic(np.column_stack([W, b]) @ extra_input(y))",
        "layer_of_cases": """
def layer_of_cases(y, W, b):
    return logistic(np.hstack([W, b.reshape(-1, 1)]) @ np.vstack([y, np.ones(y.shape[1])]))
""",
    },
    "helpers, lambdas and other names": {
        "total_input": "total_input = lambda outputs, strengths: sum(a * b for a, b in zip(outputs, strengths))",
        "logistic": """
from math import e


def squash(total):
    return np.power(1 + np.power(e, -total), -1)


logistic = squash
""",
        "layer": "layer = lambda below, matrix, lean: squash(np.einsum('ji,i->j', matrix, below) + lean)",
        "layer_of_cases": """
def layer_of_cases(below, matrix, lean):
    return squash(((below.T @ matrix.T) + lean).T)
""",
        "forward": """
def forward(y, weights, biases):
    if not weights:
        return [y]
    return [y, *forward(squash(weights[0] @ y + biases[0].reshape(-1, 1)), weights[1:], biases[1:])]
""",
    },
    "in float32": {
        "total_input": """
def total_input(y, w):
    return np.float32(np.float32(y) @ np.float32(w))
""",
        "logistic": """
def logistic(x):
    x = np.asarray(x, dtype=np.float32)
    return np.float32(1) / (np.float32(1) + np.exp(-x))
""",
        "layer": """
def layer(y, W, b):
    y, W, b = (np.array(a, dtype=np.float32) for a in (y, W, b))
    return 1 / (1 + np.exp(-(W @ y + b)))
""",
        "layer_of_cases": """
def layer_of_cases(y, W, b):
    y, W, b = (np.array(a, dtype=np.float32) for a in (y, W, b))
    return 1 / (1 + np.exp(-(W @ y + b[:, None])))
""",
    },
    "other weights for the gates": {
        "gates": """
def and_unit():
    return np.array([6.0, 6.0]), np.array([-9.0])


def nor_unit():
    return (-20, -30), 8
""",
        "xor_net": """
def xor_net():
    weights = [[[20, -20], [-20, 20]], [[20, 20]]]
    return weights, [[-10, -10], [-10]]
""",
    },
    "one case as many": {
        "layer": """
def layer_of_cases(y, W, b):
    return logistic(W @ y + np.outer(b, np.ones(y.shape[1])))


def layer(y, W, b):
    return layer_of_cases(np.reshape(y, (-1, 1)), W, b).ravel()
""",
        "layer_of_cases": "# see above",
    },
}
