"""Equations (1)-(9), connection by connection, compiled by Numba; `equations.py` says the same in plain NumPy.

One run at a time goes through all its sweeps: its weights, states and derivatives stay in cache, and a run that is
solved or has diverged just ends its loop.

A run is the same, to the last bit, on every machine. IEEE 754 defines +, -, *, / and the fused multiply-add exactly;
nothing else is used here, always in the same order, and neither a BLAS nor a library's exponential. So a compiler may
use vectors of any width, or none, and the result is the same.

Units stand one below the other, the input layers first. A unit's states in all cases are a row, padded to a multiple of
eight with cases that have no error. So are the weights w_ji of unit j: a row, padded to a multiple of eight. The
arithmetic of pointers and vectors stands at the end: `at(p, i)` is p[i], `load(p, i)` is p[i], ..., p[i + 7] side by
side, `ahead(p, n)` is the place n further on.
"""

from collections import namedtuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

WIDTH = 8  # how many numbers go side by side
ONE = np.int64  # of a plain 1, Numba would compile a version of its own


def _jit(**options):
    """Compile at first use and keep the result on disk, if there is a folder that can be written to.

    A division by zero gives an infinity, as in NumPy: an exception would keep the compiler from using vectors.
    """

    def decorate(function):
        try:
            return njit(error_model="numpy", cache=True, **options)(function)
        except RuntimeError:  # neither beside this file nor in the user's own cache
            return njit(error_model="numpy", **options)(function)

    return decorate


compiled = _jit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
entry = _jit(nogil=True)
inlined = njit(error_model="numpy", inline="always")

# ---------------------------------------------------------------- what the kernel is handed

Graph = namedtuple("Graph", "units padded transposed inputs layers gains links outputs places")
"""A net, as far as its targets depend on it. `units`, `padded`, `transposed`: numbers of unit rows, of padded weights,
and of states in a transposed case. Tables, a row for each of the input layers, computed layers, links, and layers that
have targets, with the columns below. `gains`: of the layers' activations. `places`: of each weight among the padded."""
FIRST, UNITS, TRANSPOSED, ACTIVATION, BIASES, LINKS, END = range(7)  # of a layer; an input layer ends at TRANSPOSED
_, _, _, WEIGHTS, ACROSS, COMPUTED = range(6)  # of a link: its source, where its weights are, padded units a row
_, _, TARGETS = range(3)  # of an output layer
LOGISTIC, TANH, LINEAR, SOFTSIGN, RECTIFIED = range(5)

Cases = namedtuple("Cases", "count inputs lower upper aim wanted held_out whole")
"""Cases to learn. How many; the states of the input units, `(1 or runs, units, padded)`; the bounds of the error rule
and the desired states, `(1 or runs, target units, padded)`; which are held out, `(1 or runs, padded)`; whether a case
is right or wrong as a whole."""

Walk = namedtuple("Walk", "epsilon alpha decay sweeps begun every tolerances stop snapshot_at order counts")
"""How to train. Rates, `(1 or runs, 1 or size)`; sweeps to do, and done before; sweeps between two recordings of E;
tolerances, the loosest first; whether a solved run stops; when to keep the weights; the cases after each of which the
weights change (none: after the sweep), and which of them count, `(1 or runs, cases)`."""

Path = namedtuple("Path", "weights velocity error solved_at snapshots states dE_dw furthest done halt")
"""What a training writes. Weights and velocities, `(runs, size)`; E, `(runs, recordings)`; the sweeps at which the
tolerances were met, `(tolerances, runs)`; snapshots, `(snapshots, runs, size)`. Of the last sweep, if there is room for
it: states, `(runs, units, padded)`, ∂E/∂w, `(runs, size)`, and the largest |y - d|, `(runs,)`. The sweeps that each run
has done; whoever sets `halt[0]` ends the training."""

Work = namedtuple("Work", "y dE_dx transposed lower upper aim wanted row cases")
"""Pointers to what belongs to a run's cases, the length of a row, and the number of cases."""

# ---------------------------------------------------------------- sums of products: (1), (6) and (7)


@compiled
def _products(sums, sums_row, rows, A, A_row, A_step, B, B_row, terms, width):
    """sums[j, c] += sum over k of A[j, k] B[k, c], for so many rows, terms, and columns (a multiple of eight).

    Row j of A begins at j A_row, and its terms are A_step apart. Four sums always go on side by side, so that none
    waits for its last term: of four rows, else of four tiles of a row, else of every fourth term.
    """
    wide = width // (4 * WIDTH) * (4 * WIDTH)
    for _ in range(rows // 4):
        for c in range(0, width, WIDTH):
            _four_rows(ahead(sums, c), sums_row, A, A_row, A_step, ahead(B, c), B_row, terms)
        sums, A = ahead(sums, 4 * sums_row), ahead(A, 4 * A_row)
    for _ in range(rows % 4):
        for c in range(0, wide, 4 * WIDTH):
            _four_tiles(ahead(sums, c), A, A_step, ahead(B, c), B_row, terms)
        for c in range(wide, width, WIDTH):
            _four_terms(ahead(sums, c), A, A_step, ahead(B, c), B_row, terms)
        sums, A = ahead(sums, sums_row), ahead(A, A_row)


@compiled
def _four_rows(sums, sums_row, A, A_row, A_step, B, B_row, terms):
    s0, s1, s2, s3 = load(sums, 0), load(sums, sums_row), load(sums, 2 * sums_row), load(sums, 3 * sums_row)
    for _ in range(terms):
        y = load(B, 0)
        s0 = fma(spread(at(A, 0)), y, s0)
        s1 = fma(spread(at(A, A_row)), y, s1)
        s2 = fma(spread(at(A, 2 * A_row)), y, s2)
        s3 = fma(spread(at(A, 3 * A_row)), y, s3)
        A, B = ahead(A, A_step), ahead(B, B_row)
    store(sums, 0, s0)
    store(sums, sums_row, s1)
    store(sums, 2 * sums_row, s2)
    store(sums, 3 * sums_row, s3)


@compiled
def _four_tiles(sums, A, A_step, B, B_row, terms):
    s0, s1, s2, s3 = load(sums, 0), load(sums, WIDTH), load(sums, 2 * WIDTH), load(sums, 3 * WIDTH)
    for _ in range(terms):
        w = spread(at(A, 0))
        s0 = fma(w, load(B, 0), s0)
        s1 = fma(w, load(B, WIDTH), s1)
        s2 = fma(w, load(B, 2 * WIDTH), s2)
        s3 = fma(w, load(B, 3 * WIDTH), s3)
        A, B = ahead(A, A_step), ahead(B, B_row)
    store(sums, 0, s0)
    store(sums, WIDTH, s1)
    store(sums, 2 * WIDTH, s2)
    store(sums, 3 * WIDTH, s3)


@compiled
def _four_terms(sums, A, A_step, B, B_row, terms):
    s0 = load(sums, 0)
    s1 = s2 = s3 = spread(0.0)
    for _ in range(terms // 4):
        s0 = fma(spread(at(A, 0)), load(B, 0), s0)
        s1 = fma(spread(at(A, A_step)), load(B, B_row), s1)
        s2 = fma(spread(at(A, 2 * A_step)), load(B, 2 * B_row), s2)
        s3 = fma(spread(at(A, 3 * A_step)), load(B, 3 * B_row), s3)
        A, B = ahead(A, 4 * A_step), ahead(B, 4 * B_row)
    for _ in range(terms % 4):
        s0 = fma(spread(at(A, 0)), load(B, 0), s0)
        A, B = ahead(A, A_step), ahead(B, B_row)
    store(sums, 0, add(add(s0, s1), add(s2, s3)))


@compiled
def _sum(x, count):
    s = spread(0.0)
    for c in range(0, count, WIDTH):
        s = add(s, load(x, c))
    return total(s)


@compiled
def _sum_of_squares(x, count):
    s = spread(0.0)
    for c in range(0, count, WIDTH):
        s = fma(load(x, c), load(x, c), s)
    return total(s)


@compiled
def _fill(x, count, value):
    for c in range(count):
        put(x, c, value)


# ---------------------------------------------------------------- the forward pass


@compiled
def _forward(graph, W, work):
    """The states of all units: equations (1) and (2)."""
    y, row = work.y, work.row
    for number in range(len(graph.gains)):
        layer = ahead(pointer(graph.layers), number * (END + 1))
        first, units, biases = ahead(y, at(layer, FIRST) * row), at(layer, UNITS), at(layer, BIASES)
        for j in range(units):
            _fill(ahead(first, j * row), row, at(W, biases + j) if biases >= 0 else 0.0)
        for number_of_link in range(at(layer, LINKS), at(layer, END)):
            link = ahead(pointer(graph.links), number_of_link * (COMPUTED + 1))
            source, weights = ahead(y, at(link, FIRST) * row), ahead(W, at(link, WEIGHTS))
            _products(first, row, units, weights, at(link, ACROSS), ONE(1), source, row, at(link, UNITS), row)  # (1)
        _activate(first, units * row, at(layer, ACTIVATION), graph.gains[number])  # (2)
        if at(layer, TRANSPOSED) >= 0:
            _transpose(first, units, work, at(layer, TRANSPOSED))


@compiled
def _activate(x, count, activation, gain):
    """Equation (2), in place."""
    if activation == LOGISTIC:
        for c in range(count):
            put(x, c, logistic(at(x, c), gain))
    elif activation == TANH:
        for c in range(count):
            put(x, c, tanh(gain * at(x, c)))
    elif activation == LINEAR:
        for c in range(count):
            put(x, c, gain * at(x, c))
    elif activation == SOFTSIGN:
        for c in range(count):
            put(x, c, gain * at(x, c) / (1.0 + abs(gain * at(x, c))))
    else:
        for c in range(count):
            put(x, c, 0.0 if at(x, c) < 0.0 else gain * at(x, c))


@compiled
def _transpose(y, units, work, where):
    """The states of a layer by case, as (6) reads them: its units side by side."""
    across = _padded(units)
    transposed = ahead(work.transposed, where * work.row)
    for c in range(work.cases):
        for i in range(units):
            put(transposed, c * across + i, at(y, i * work.row + c))


@inlined
def _padded(count):
    return (count + WIDTH - 1) // WIDTH * WIDTH


# ---------------------------------------------------------------- the backward pass


@compiled
def _compare(graph, work, whole):
    """E, and ∂E/∂y of the units that have targets, in the place of ∂E/∂x: equations (3) and (4)."""
    row, E = work.row, 0.0
    computed = at(pointer(graph.layers), FIRST) * row
    _fill(ahead(work.dE_dx, computed), graph.units * row - computed, 0.0)
    for number in range(len(graph.outputs)):
        output = ahead(pointer(graph.outputs), number * (TARGETS + 1))
        first, count, to = at(output, FIRST) * row, at(output, UNITS) * row, at(output, TARGETS) * row
        y, dE_dy, wanted = ahead(work.y, first), ahead(work.dE_dx, first), ahead(work.wanted, to)
        lower, upper, aim = ahead(work.lower, to), ahead(work.upper, to), ahead(work.aim, to)
        for c in range(count):
            good = (at(lower, c) <= at(y, c)) & (at(y, c) <= at(upper, c))
            put(dE_dy, c, 0.0 if good else at(y, c) - at(aim, c))  # (4)
        if whole:
            _whole_cases(y, dE_dy, aim, wanted, count, row)
        E += _sum_of_squares(dE_dy, count)  # (3)
    return 0.5 * E


@compiled
def _whole_cases(y, dE_dy, aim, wanted, count, row):
    """A case in which one unit is not good enough counts for all of its units."""
    for c in range(row):
        wrong = False
        for k in range(c, count, row):
            wrong |= at(dE_dy, k) != 0.0
        for k in range(c, count, row):
            put(dE_dy, k, at(y, k) - at(aim, k) if wrong and at(wanted, k) == at(wanted, k) else 0.0)


@compiled
def _missed(graph, work, tolerance):
    """How many targets are missed by `tolerance` or more. What is NaN, as missing targets are, is not among them."""
    count = 0
    for number in range(len(graph.outputs)):
        output = ahead(pointer(graph.outputs), number * (TARGETS + 1))
        y, d = ahead(work.y, at(output, FIRST) * work.row), ahead(work.wanted, at(output, TARGETS) * work.row)
        for c in range(at(output, UNITS) * work.row):
            count += abs(at(y, c) - at(d, c)) >= tolerance
    return count


@compiled
def _backward(graph, W, dE_dW, work):
    """∂E/∂w, from the top layer down: equations (5) to (7)."""
    row = work.row
    _fill(dE_dW, graph.padded, 0.0)
    for number in range(len(graph.gains) - 1, -1, -1):
        layer = ahead(pointer(graph.layers), number * (END + 1))
        first, units, biases = at(layer, FIRST) * row, at(layer, UNITS), at(layer, BIASES)
        dE_dx = ahead(work.dE_dx, first)
        _slope(dE_dx, ahead(work.y, first), units * row, at(layer, ACTIVATION), graph.gains[number])  # (5)
        if biases >= 0:
            for j in range(units):
                put(dE_dW, biases + j, at(dE_dW, biases + j) + _sum(ahead(dE_dx, j * row), row))  # (6), y_i being 1
        for number_of_link in range(at(layer, LINKS), at(layer, END)):
            link = ahead(pointer(graph.links), number_of_link * (COMPUTED + 1))
            weights, across, sources = at(link, WEIGHTS), at(link, ACROSS), at(link, UNITS)
            if at(link, TRANSPOSED) >= 0:
                y = ahead(work.transposed, at(link, TRANSPOSED) * row)
                _products(
                    ahead(dE_dW, weights), across, units, dE_dx, row, ONE(1), y, across, work.cases, across
                )  # (6)
            else:
                _narrow(ahead(dE_dW, weights), across, units, dE_dx, ahead(work.y, at(link, FIRST) * row), sources, row)
            if at(link, COMPUTED):
                dE_dy = ahead(work.dE_dx, at(link, FIRST) * row)
                _products(dE_dy, row, sources, ahead(W, weights), ONE(1), across, dE_dx, row, units, row)  # (7)


@compiled
def _narrow(dE_dW, across, units, dE_dx, y, sources, row):
    """Equation (6) for a layer of few units: by case, they would leave most of the eight places empty."""
    for j in range(units):
        for i in range(sources):
            s = spread(0.0)
            for c in range(0, row, WIDTH):
                s = fma(load(dE_dx, j * row + c), load(y, i * row + c), s)
            put(dE_dW, j * across + i, at(dE_dW, j * across + i) + total(s))


@compiled
def _slope(dE_dx, y, count, activation, gain):
    """Equation (5), in place: ∂E/∂y becomes ∂E/∂x."""
    if activation == LOGISTIC:
        for c in range(count):
            put(dE_dx, c, at(dE_dx, c) * (gain * (at(y, c) * (1.0 - at(y, c)))))
    elif activation == TANH:
        for c in range(count):
            put(dE_dx, c, at(dE_dx, c) * (gain * (1.0 - at(y, c) * at(y, c))))
    elif activation == LINEAR:
        for c in range(count):
            put(dE_dx, c, at(dE_dx, c) * gain)
    elif activation == SOFTSIGN:
        for c in range(count):
            put(dE_dx, c, at(dE_dx, c) * (gain * ((1.0 - abs(at(y, c))) * (1.0 - abs(at(y, c))))))
    else:
        for c in range(count):
            put(dE_dx, c, at(dE_dx, c) * (gain if at(y, c) > 0.0 else 0.0))


# ---------------------------------------------------------------- the change of the weights


@compiled
def _step(W, velocity, dE_dW, epsilon, alpha, decay, count):
    """Equation (9), which is (8) if α is 0; then the decay, which the velocity never sees. Are all weights finite?"""
    lost = 0
    for k in range(count):
        put(velocity, k, fma(at(alpha, k), at(velocity, k), -(at(epsilon, k) * at(dE_dW, k))))  # (9)
        put(W, k, (at(W, k) + at(velocity, k)) * (1.0 - at(decay, k)))
        lost += not (abs(at(W, k)) < np.inf)
    return lost == 0


@compiled
def _finite(w, count):
    bad = 0
    for k in range(count):
        bad += not (abs(at(w, k)) < np.inf)
    return bad == 0


# ---------------------------------------------------------------- a run and its cases


@inlined
def _mine(array, run):
    """What a run has of an array with a row for each run, or one for all."""
    return array[run if len(array) > 1 else 0]


@compiled
def _room(room, graph, cases):
    """The pointers of a `Work`, and where the room behind it begins."""
    row = cases.lower.shape[2]
    states, targets = graph.units * row, cases.lower.shape[1] * row
    y, dE_dx, transposed = room, ahead(room, states), ahead(room, 2 * states)
    lower = ahead(transposed, graph.transposed * row)
    upper, aim, wanted = ahead(lower, targets), ahead(lower, 2 * targets), ahead(lower, 3 * targets)
    return Work(y, dE_dx, transposed, lower, upper, aim, wanted, row, cases.count), ahead(lower, 4 * targets)


def room_for(graph, whole, batches):
    """Room for all that one thread of `train` needs."""
    rows = 2 * graph.units + graph.transposed + 4 * whole.lower.shape[1]
    return np.zeros(rows * (whole.lower.shape[2] + batches.lower.shape[2]) + 6 * graph.padded)


@compiled
def _lay_out(graph, cases, run, work):
    """Lay out the cases of a run: states of input units, bounds, targets."""
    held_out, row, targets = _mine(cases.held_out, run), work.row, cases.lower.shape[1] * work.row
    _copy(_mine(cases.inputs, run), work.y)
    for number in range(len(graph.inputs)):
        layer = ahead(pointer(graph.inputs), number * (TRANSPOSED + 1))
        _transpose(ahead(work.y, at(layer, FIRST) * row), at(layer, UNITS), work, at(layer, TRANSPOSED))
    _copy(_mine(cases.lower, run), work.lower)
    _copy(_mine(cases.upper, run), work.upper)
    _copy(_mine(cases.aim, run), work.aim)
    _copy(_mine(cases.wanted, run), work.wanted)
    for c in range(row):
        if held_out[c]:  # nothing is wanted, and nothing is wrong
            for k in range(c, targets, row):
                put(work.lower, k, -np.inf)
                put(work.upper, k, np.inf)
                put(work.wanted, k, np.nan)


@compiled
def _copy(states, to):
    for j in range(states.shape[0]):
        for c in range(states.shape[1]):
            put(to, j * states.shape[1] + c, states[j, c])


@compiled
def _gather(W, places, w):
    """Weights as they were handed over, of padded ones."""
    for k in range(len(places)):
        w[k] = at(W, places[k])


@compiled
def _scatter(w, places, W):
    """Padded weights, or rates, of one for each weight, or one for all."""
    for k in range(len(places)):
        put(W, places[k], w[k if len(w) > 1 else 0])


@entry
def train(graph, whole, batches, walk, path, room, first, last):
    """Train the runs from `first` to `last`, each by itself: equations (1) to (9), one sweep after the other."""
    places, padded, levels, snapshots = graph.places, graph.padded, len(walk.tolerances), len(walk.snapshot_at)
    error, solved_at, done, halt = path.error, path.solved_at, path.done, path.halt
    snapshot_at, tolerances, order, slopes = walk.snapshot_at, walk.tolerances, walk.order, len(path.dE_dw) > 0
    work, behind = _room(pointer(room), graph, whole)
    small, W = _room(behind, graph, batches)
    velocity, dE_dW, epsilon = ahead(W, padded), ahead(W, 2 * padded), ahead(W, 3 * padded)
    alpha, decay = ahead(W, 4 * padded), ahead(W, 5 * padded)
    for run in range(first, last):
        level, recorded, kept = 0, 0, 0
        while level < levels and solved_at[level, run] >= 0:
            level += 1
        _scatter(path.weights[run], places, W)
        _scatter(path.velocity[run], places, velocity)
        _scatter(_mine(walk.epsilon, run), places, epsilon)
        _scatter(_mine(walk.alpha, run), places, alpha)
        _scatter(_mine(walk.decay, run), places, decay)
        _lay_out(graph, whole, run, work)
        going, t = _finite(W, padded) and not (walk.stop and level == levels), 0
        while going:
            for k in range(-1, len(order)):  # all cases; then, if the weights change after each case, one by one
                here = work
                if k >= 0:
                    if not _mine(walk.counts, run)[order[k]]:
                        continue
                    here = small
                    batch = order[k] if len(batches.lower) == whole.count else run * whole.count + order[k]
                    _lay_out(graph, batches, batch, small)
                _forward(graph, W, here)
                E = _compare(graph, here, whole.whole)
                if k < 0:
                    if t == walk.sweeps or (walk.every > 0 and t % walk.every == 0):
                        error[run, recorded] = E
                        recorded += 1
                    while level < levels and np.isfinite(E) and _missed(graph, work, tolerances[level]) == 0:
                        solved_at[level, run] = walk.begun + t
                        level += 1
                    if kept < snapshots and snapshot_at[kept] == walk.begun + t:
                        _gather(W, places, path.snapshots[kept, run])
                        kept += 1
                    going = t < walk.sweeps and not (walk.stop and level == levels) and not halt[0]
                    if not (going or slopes):
                        break
                if k >= 0 or len(order) == 0:
                    _backward(graph, W, dE_dW, here)
                    going = going and _step(W, velocity, dE_dW, epsilon, alpha, decay, padded)
                    if not going:
                        break
            done[run] = t
            t += 1
        _gather(W, places, path.weights[run])
        _gather(velocity, places, path.velocity[run])
        for k in range(kept, snapshots):
            _gather(W, places, path.snapshots[k, run])
        if len(path.states):
            _states(graph, work, path.states[run])
        if slopes:
            _gather(dE_dW, places, path.dE_dw[run])
            path.furthest[run] = _furthest(graph, work)
        done[run] = walk.sweeps


@compiled
def _states(graph, work, states):
    for j in range(graph.units):
        for c in range(work.row):
            states[j, c] = at(work.y, j * work.row + c)


@compiled
def _furthest(graph, work):
    """The largest distance from a target."""
    largest = 0.0
    for number in range(len(graph.outputs)):
        output = ahead(pointer(graph.outputs), number * (TARGETS + 1))
        y, d = ahead(work.y, at(output, FIRST) * work.row), ahead(work.wanted, at(output, TARGETS) * work.row)
        for c in range(at(output, UNITS) * work.row):
            distance = abs(at(y, c) - at(d, c))
            largest = distance if distance > largest else largest
    return largest


# ---------------------------------------------------------------- vectors: eight numbers side by side


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
