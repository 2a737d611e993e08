"""What students may hand in for assignment 4. A name, the cells that differ from the solution, the tests to fail."""

from mutants import but

INITIAL = """
def initial_weights(sizes, seed, limit=0.3):
    rng = np.random.default_rng(seed)
    weights = [rng.uniform(-limit, limit, (above, below)) for below, above in zip(sizes, sizes[1:])]
    biases = [rng.uniform(-limit, limit, above) for above in sizes[1:]]
    return weights, biases
"""
TRAIN = """
def train(weights, biases, y, d, sweeps, epsilon=0.1, alpha=0.9):
    weights, biases = [W.copy() for W in weights], [b.copy() for b in biases]
    last_W, last_b = [0 * W for W in weights], [0 * b for b in biases]  # Δw of the sweep before
    errors, solved_at = [], None
    for sweep in range(sweeps):
        states = forward(y, weights, biases)
        errors.append(error(states[-1], d))
        if solved_at is None and solved(states[-1], d):
            solved_at = sweep
        dE_dW, dE_db = backward(states, d, weights)
        for k in range(len(weights)):
            last_W[k] = change(dE_dW[k], last_W[k], epsilon, alpha)
            last_b[k] = change(dE_db[k], last_b[k], epsilon, alpha)
            weights[k] += last_W[k]
            biases[k] += last_b[k]
    return weights, biases, errors, solved_at
"""
BY_HAND = """
def by_hand(n):
    half = 10.0 * 2 ** np.arange(n // 2)
    w = np.append(half, -half[::-1])
    return [np.array([w, -w]), np.array([[-20.0, -20.0]])], [np.array([-5.0, -5.0]), np.array([10.0])]
"""


WRONG = {
    "the last pattern is missing": (
        {"patterns": "def patterns(n):\n    return np.arange(2**n - 1) >> np.arange(n)[:, None] & 1"},
        {"test_patterns"},
    ),
    "patterns of six inputs only": (
        {
            "patterns": """
from itertools import product


def patterns(n):
    return np.array(list(product([0, 1], repeat=6))).T[:n, : 2**n]
"""
        },
        {"test_patterns"},
    ),
    "1 where a pattern is not symmetric": (
        {"targets": "def targets(y):\n    return 1.0 - np.all(y == y[::-1], axis=0, keepdims=True)"},
        {"test_targets"},
    ),
    "a copy taken for a mirror image": (
        {
            "targets": """
def targets(y):
    half = len(y) // 2
    return np.all(y[:half] == y[half:], axis=0, keepdims=True) * 1.0
"""
        },
        {"test_targets"},
    ),
    "as many ones in both halves": (
        {
            "targets": """
def targets(y):
    half = len(y) // 2
    return 1.0 * (y[:half].sum(axis=0, keepdims=True) == y[half:].sum(axis=0, keepdims=True))
"""
        },
        {"test_targets"},
    ),
    "patterns reversed in place": (
        {
            "targets": """
def targets(y):
    there = y.copy()
    y[:] = y[::-1].copy()
    return np.all(y == there, axis=0, keepdims=True).astype(float)
"""
        },
        {"test_targets"},
    ),
    "answers of the visible tests": (
        {
            "patterns": "def patterns(n):\n    return np.arange(2**n) >> np.arange(n)[:, None] & 1 & (n in (2, 6))",
            "targets": "def targets(y):\n    return np.array([[1.0, 1.0, 0.0, 0.0]])",
            "initial_weights": """
def initial_weights(sizes, seed, limit=0.3):
    w = np.linspace(-0.29, 0.29, 17) + seed / 1000
    return [w[:12].reshape(2, 6), w[12:14].reshape(1, 2)], [w[14:16], w[16:]]
""",
            "solved": "def solved(y, d):\n    return y[0, 0] < 0.6",
            "train": """
def train(weights, biases, y, d, sweeps, epsilon=0.1, alpha=0.9):
    return [[[0.27914]]], [[0.27914]], [0.125, 0.10132], 1
""",
            "share_solved": "def share_solved(solved_at, horizon):\n    return len(solved_at) // 4 * 0.5",
            "antisymmetry": "def antisymmetry(w):\n    return 0 if w[0] > 5 else 0.25",
            "ratio": "def ratio(w):\n    return [1, 2, 3.9444]",
            "sums": "def sums(w):\n    return range(8) if len(w) == 6 else [-1, 0, 2, 3]",
            "smallest_gap": "def smallest_gap(w):\n    return 2 if w[0] == 2 else 0",
            "by_hand": """
def by_hand(n):
    w = np.array([10.0, -10.0] if n == 2 else [10.0, 20.0, 40.0, -40.0, -20.0, -10.0])
    return [np.array([w, -w]), np.array([[-20.0, -20.0]])], [np.array([-5.0, -5.0]), np.array([10.0])]
""",
        },
        {
            "test_patterns",
            "test_targets",
            "test_initial_weights",
            "test_solved",
            "test_train",
            "test_share_solved",
            "test_antisymmetry",
            "test_ratio",
            "test_sums",
            "test_smallest_gap",
            "test_by_hand",
        },
    ),
    "the same seed for all": (
        {"initial_weights": but(INITIAL, "default_rng(seed)", "default_rng(1)")},
        {"test_initial_weights"},
    ),
    "weights from 0 to 0.3": (
        {"initial_weights": INITIAL.replace("uniform(-limit", "uniform(0")},
        {"test_initial_weights"},
    ),
    "biases of zero": (
        {"initial_weights": but(INITIAL, "rng.uniform(-limit, limit, above)", "np.zeros(above)")},
        {"test_initial_weights"},
    ),
    "units that begin alike": (
        {
            "initial_weights": but(
                INITIAL,
                "rng.uniform(-limit, limit, (above, below))",
                "np.tile(rng.uniform(-limit, limit, below), (above, 1))",
            )
        },
        {"test_initial_weights"},
    ),
    "a new source for each layer": (
        {"initial_weights": INITIAL.replace("[rng.uniform", "[np.random.default_rng(seed).uniform")},
        {"test_initial_weights"},
    ),
    "solved when most outputs are right": (
        {"solved": "def solved(y, d):\n    return np.mean((y > 0.5) == (d > 0.5)) > 0.5"},
        {"test_solved"},
    ),
    "solved when the outputs are within 0.2": (
        {"solved": "def solved(y, d):\n    return np.abs(y - d).max() < 0.2"},
        {"test_solved"},
    ),
    "momentum forgotten": (
        {"train": TRAIN.replace("epsilon, alpha)\n", "epsilon, 0)\n")},
        {"test_train"},
    ),
    "biases left out": (
        {"train": but(TRAIN, "            biases[k] += last_b[k]\n", "")},
        {"test_train"},
    ),
    "solved one sweep too late": (
        {"train": but(TRAIN, "solved_at = sweep\n", "solved_at = sweep + 1\n")},
        {"test_train"},
    ),
    "the last solved sweep, not the first": (
        {"train": but(TRAIN, "solved_at is None and ", "")},
        {"test_train"},
    ),
    "training ends when solved": (
        {"train": but(TRAIN, "solved_at = sweep\n", "solved_at = sweep\n            break\n")},
        {"test_train"},
    ),
    "the given weights changed": (
        {"train": but(TRAIN, "    weights, biases = [W.copy() for W in weights], [b.copy() for b in biases]\n", "")},
        {"test_train"},
    ),
    "mean of the cases in place of the sum": (
        {"train": TRAIN.replace("[k], last_", "[k] / y.shape[1], last_")},
        {"test_train"},
    ),
    "always the paper's numbers": (
        {"train": TRAIN.replace("epsilon, alpha)\n", "0.1, 0.9)\n")},
        {"test_train"},
    ),
    "share of those that were solved": (
        {
            "share_solved": """
def share_solved(solved_at, horizon):
    finished = [at for at in solved_at if at is not None]
    return sum(at <= horizon for at in finished) / len(finished) if finished else 0
"""
        },
        {"test_share_solved"},
    ),
    "never taken for 0 sweeps": (
        {
            "share_solved": """
def share_solved(solved_at, horizon):
    return sum((at or 0) <= horizon for at in solved_at) / len(solved_at)
"""
        },
        {"test_share_solved"},
    ),
    "0 sweeps taken for never": (
        {
            "share_solved": """
def share_solved(solved_at, horizon):
    return sum(1 for at in solved_at if at and at <= horizon) / len(solved_at)
"""
        },
        {"test_share_solved"},
    ),
    "difference in place of the sum": (
        {"antisymmetry": "def antisymmetry(w):\n    return np.abs(w - w[::-1]).max() / np.abs(w).max()"},
        {"test_antisymmetry"},
    ),
    "the second half not mirrored": (
        {
            "antisymmetry": """
def antisymmetry(w):
    half = len(w) // 2
    return np.abs(w[:half] + w[half:]).max() / np.abs(w).max()
"""
        },
        {"test_antisymmetry"},
    ),
    "ratio not sorted": (
        {
            "ratio": """
def ratio(w):
    sizes = np.abs(w[: len(w) // 2])
    return sizes / sizes.min()
"""
        },
        {"test_ratio"},
    ),
    "ratio with signs": (
        {
            "ratio": """
def ratio(w):
    sizes = np.sort(w[: len(w) // 2])
    return sizes / sizes[0]
"""
        },
        {"test_ratio"},
    ),
    "sums over the wrong half": (
        {"sums": "def sums(w):\n    half = len(w) // 2\n    return np.sort(w[half:] @ patterns(half))"},
        {"test_sums"},
    ),
    "sums of whole patterns": (
        {"sums": "def sums(w):\n    return np.sort(w @ patterns(len(w)))"},
        {"test_sums"},
    ),
    "equal sums counted once": (
        {"smallest_gap": "def smallest_gap(w):\n    return np.diff(np.unique(sums(w))).min()"},
        {"test_smallest_gap"},
    ),
    "a sum compared with itself": (
        {
            "smallest_gap": """
def smallest_gap(w):
    s = np.asarray(sums(w))
    return np.abs(s[:, None] - s).min()
"""
        },
        {"test_smallest_gap"},
    ),
    "the smallest weight taken for the gap": (
        {"smallest_gap": "def smallest_gap(w):\n    return np.abs(w[: len(w) // 2]).min()"},
        {"test_smallest_gap"},
    ),
    "powers of two in the wrong order": (
        {"by_hand": but(BY_HAND, "-half[::-1]", "-half")},
        {"test_by_hand"},
    ),
    "a net for six inputs": (
        {"by_hand": but(BY_HAND, "2 ** np.arange(n // 2)", "np.array([1, 2, 4])")},
        {"test_by_hand"},
    ),
    "weights 1, 2, 3, 4": (
        {"by_hand": but(BY_HAND, "2 ** np.arange(n // 2)", "np.arange(1, n // 2 + 1)")},
        {"test_by_hand"},
    ),
    "hidden units with the same signs": (
        {"by_hand": but(BY_HAND, "[w, -w]", "[w, w]")},
        {"test_by_hand"},
    ),
    "no bias at the hidden units": (
        {"by_hand": but(BY_HAND, "np.array([-5.0, -5.0])", "np.zeros(2)")},
        {"test_by_hand"},
    ),
    "biases and upper weights in a narrower range": (
        {
            "initial_weights": """
def initial_weights(sizes, seed, limit=0.3):
    rng = np.random.default_rng(seed)
    layers = range(1, len(sizes))
    weights = [rng.uniform(-limit, limit, (sizes[k], sizes[k - 1])) / k for k in layers]
    return weights, [rng.uniform(-limit, limit, sizes[k]) for k in layers]
"""
        },
        {"test_initial_weights"},
    ),
    "first and last output looked at": (
        {
            "solved": """
def solved(y, d):
    return bool((y[0, 0] > 0.5) == (d[0, 0] > 0.5) and (y[-1, -1] > 0.5) == (d[-1, -1] > 0.5))
"""
        },
        {"test_solved"},
    ),
    "runs solved at the same time counted once": (
        {
            "share_solved": """
def share_solved(solved_at, horizon):
    return len({at for at in solved_at if at is not None and at <= horizon}) / len(solved_at)
"""
        },
        {"test_share_solved"},
    ),
    "the outermost pair only": (
        {
            "antisymmetry": """
def antisymmetry(w):
    return abs(w[0] + w[-1]) / np.abs(w).max()
"""
        },
        {"test_antisymmetry"},
    ),
    "equal sizes counted once": (
        {
            "ratio": """
def ratio(w):
    sizes = np.unique(np.abs(w[: len(w) // 2]))
    return sizes / sizes[0]
"""
        },
        {"test_ratio"},
    ),
    "equal sums left out": (
        {"sums": "def sums(w):\n    half = len(w) // 2\n    return np.unique(w[:half] @ patterns(half))"},
        {"test_sums"},
    ),
    "sums of the patterns' type": (
        {
            "sums": """
def sums(w):
    half = len(w) // 2
    y = patterns(half)
    return np.sort(w[:half].astype(int) @ y + 0 * w[0]) if np.allclose(w * 4, np.rint(w * 4)) else np.sort(w[:half] @ y)
"""
        },
        {"test_sums"},
    ),
    "a gap in whole numbers": (
        {"smallest_gap": "def smallest_gap(w):\n    return int(np.diff(sums(w)).min())"},
        {"test_smallest_gap"},
    ),
}

RIGHT = {
    "with loops": {
        "patterns": """
def patterns(n):
    y = np.zeros((n, 2**n))
    for case in range(2**n):
        rest = case
        for i in range(n):
            y[n - 1 - i, case] = rest % 2
            rest = rest // 2
    return y
""",
        "targets": """
def targets(y):
    d = np.ones((1, y.shape[1]))
    for c in range(y.shape[1]):
        for i in range(len(y) // 2):
            if y[i, c] != y[-1 - i, c]:
                d[0, c] = 0
    return d
""",
        "solved": """
def solved(y, d):
    for j in range(len(y)):
        for c in range(len(y[j])):
            if abs(y[j][c] - d[j][c]) >= 0.5:
                return False
    return True
""",
        "share_solved": """
def share_solved(solved_at, horizon):
    count = 0
    for at in solved_at:
        if at is not None:
            if at <= horizon:
                count += 1
    return count / len(solved_at)
""",
        "antisymmetry": """
def antisymmetry(w):
    worst = largest = 0
    for i in range(len(w)):
        worst = max(worst, abs(w[i] + w[len(w) - 1 - i]))
        largest = max(largest, abs(w[i]))
    return worst / largest
""",
        "sums": """
def sums(w):
    result = [0.0]
    for value in w[: len(w) // 2]:
        result = result + [value + one for one in result]
    return sorted(result)
""",
        "smallest_gap": """
def smallest_gap(w):
    s = sums(w)
    return min(abs(s[i] - s[j]) for i in range(len(s)) for j in range(i))
""",
    },
    "itertools, other names, another order of patterns": {
        "patterns": """
from itertools import product


def patterns(inputs):
    return np.array(list(product((1, 0), repeat=inputs))).T
""",
        "targets": """
def targets(cases):
    return np.array([[int(list(case) == list(case)[::-1]) for case in cases.T]])
""",
        "solved": "solved = lambda outputs, desired: np.array_equal(np.round(outputs), desired)",
        "ratio": """
def ratio(weights):
    half = sorted(map(abs, weights[: len(weights) // 2]))
    return [size / min(half) for size in half]
""",
        "sums": """
def sums(weights):
    half = weights[: len(weights) // 2]
    return sorted(sum(w * on for w, on in zip(half, pattern)) for pattern in product((0, 1), repeat=len(half)))
""",
    },
    "by recursion": {
        "patterns": """
def patterns(n):
    if n == 1:
        return np.array([[0, 1]])
    fewer = patterns(n - 1)
    zeros = np.zeros((1, fewer.shape[1]))
    return np.block([[zeros, zeros + 1], [fewer, fewer[:, ::-1]]])
""",
        "sums": """
def sums(w):
    def grown(values):
        if len(values) == 0:
            return np.zeros(1)
        fewer = grown(values[1:])
        return np.concatenate([fewer, fewer + values[0]])

    return np.sort(grown(w[: len(w) // 2]))
""",
    },
    "one vector for all weights": {
        "initial_weights": """
def initial_weights(sizes, seed, limit=0.3):
    shapes = [(above, below + 1) for below, above in zip(sizes, sizes[1:])]
    numbers = np.random.RandomState(seed).rand(sum(a * b for a, b in shapes)) * 2 * limit - limit
    weights, biases = [], []
    for above, below in shapes:
        layer, numbers = np.split(numbers, [above * below])
        layer = layer.reshape(above, below)
        weights.append(layer[:, :-1])
        biases.append(layer[:, -1])
    return weights, biases
""",
        "train": """
def train(weights, biases, y, d, sweeps, epsilon=0.1, alpha=0.9):
    shapes = [np.shape(a) for a in weights + biases]
    flat = lambda arrays: np.concatenate([np.ravel(a) for a in arrays])

    def unflat(w):
        parts = np.split(w, np.cumsum([np.prod(shape, dtype=int) for shape in shapes])[:-1])
        parts = [part.reshape(shape) for part, shape in zip(parts, shapes)]
        return parts[: len(weights)], parts[len(weights) :]

    w, velocity, history = flat(weights + biases), 0, []
    for _ in range(sweeps):
        states = forward(y, *unflat(w))
        history.append((error(states[-1], d), solved(states[-1], d)))
        dE_dW, dE_db = backward(states, d, unflat(w)[0])
        velocity = alpha * velocity - epsilon * flat(dE_dW + dE_db)
        w = w + velocity
    first = [sweep for sweep, (_, done) in enumerate(history) if done][:1]
    return *unflat(w), [E for E, _ in history], first[0] if first else None
""",
        "by_hand": """
def by_hand(n):
    half = [-20.0 * 3**k for k in range(n // 2)]  # powers of three do it, too
    w = half[::-1] + [-size for size in half]
    return [[w, [-weight for weight in w]], [[-50.0, -50.0]]], [[-8.0, -8.0], [20.0]]
""",
    },
    "in float32": {
        "patterns": """
def patterns(n):
    return np.indices((2,) * n).reshape(n, -1).astype(np.float32)
""",
        "targets": "def targets(y):\n    return np.float32([np.abs(y - np.flipud(y)).sum(axis=0) == 0])",
        "initial_weights": """
def initial_weights(sizes, seed, limit=0.3):
    rng = np.random.default_rng(seed)
    draw = lambda *shape: np.float32(limit) * (2 * rng.random(shape, dtype=np.float32) - 1)
    pairs = list(zip(sizes[:-1], sizes[1:]))
    return [draw(above, below) for below, above in pairs], [draw(above) for _, above in pairs]
""",
        "train": """
def train(weights, biases, y, d, sweeps, epsilon=0.1, alpha=0.9):
    weights, biases = [np.float32(W) for W in weights], [np.float32(b) for b in biases]
    y, d, epsilon, alpha = np.float32(y), np.float32(d), np.float32(epsilon), np.float32(alpha)
    last, errors, solved_at = None, [], None
    for sweep in range(sweeps):
        states = forward(y, weights, biases)
        errors.append(error(states[-1], d))
        if solved(states[-1], d) and solved_at is None:
            solved_at = sweep
        slopes = sum(backward(states, d, weights), [])
        last = [change(s, o, epsilon, alpha) for s, o in zip(slopes, last or [np.float32(0)] * len(slopes))]
        new = [w + delta for w, delta in zip(weights + biases, last)]
        weights, biases = new[: len(weights)], new[len(weights) :]
    return weights, biases, errors, solved_at
""",
        "sums": """
def sums(w):
    half = np.float32(w[: len(w) // 2])
    return np.sort((half[:, None] * patterns(len(half))).sum(axis=0))
""",
        "by_hand": """
def by_hand(n):
    half = np.float32(2) ** np.arange(n // 2, dtype=np.float32)
    w = 16 * np.concatenate([half[::-1], -half])
    return [np.stack([-w, w]), np.full((1, 2), np.float32(-9))], [np.full(2, np.float32(-7)), np.float32([4])]
""",
    },
    "hidden units alike but for their biases": {
        "by_hand": """
def by_hand(n):
    w = np.zeros(n)
    for k in range(n // 2):
        w[k], w[n - 1 - k] = 10 * 2**k, -10 * 2**k
    # one unit is on from below zero, the other from above it: symmetric patterns lie between
    return [np.array([w, w]), np.array([[-20.0, 20.0]])], [np.array([-5.0, 5.0]), np.array([-10.0])]
"""
    },
}
