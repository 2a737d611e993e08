"""Equations (1)-(9), connection by connection, compiled by Numba; `equations.py` says the same in plain NumPy.

One run at a time goes through all its sweeps: its weights, states and derivatives stay in cache, and a run that is
solved or has diverged just ends its loop.

A run is the same, to the last bit, on every machine. IEEE 754 defines +, -, *, / and the fused multiply-add exactly;
nothing else is used here, always in the same order, and neither a BLAS nor a library's exponential. So a compiler may
use vectors of any width, or none, and the result is the same.

Units stand one below the other, the input layers first. A unit's states in all cases are a row, padded to a multiple of
eight with cases that have no error. So are the weights w_ji of unit j: a row, padded to a multiple of eight, `stride`.
The arithmetic of pointers and vectors stands at the end: `at(p, i)` is p[i], `load(p, i)` is p[i], ..., p[i + 7] side
by side, `ahead(p, n)` is the place n further on.
"""

from collections import namedtuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

WIDTH = 8  # how many numbers go side by side
ONE = np.int64  # Numba would compile a second version for the literal 1


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

Graph = namedtuple("Graph", "units padded transposed inputs layers links outputs places")
"""A net, as far as its targets depend on it. `units`, `padded`, `transposed`: numbers of unit rows, of padded weights,
and of states in a transposed case. Tables with the columns below: of input layers, of computed layers, of links, of
layers that have targets. `places`: of each weight among the padded."""
_ROWS = [("first", np.int64), ("units", np.int64), ("transposed", np.int64)]  # its unit rows; by case from there, or -1
INPUT = np.dtype(_ROWS)
LAYER = np.dtype(
    [
        *_ROWS,
        *((name, np.int64) for name in ("activation", "biases", "links", "end")),  # its links: from here, to before end
        ("gain", np.float64),
    ]
)
LINK = np.dtype([*_ROWS, *((name, np.int64) for name in ("weights", "stride", "computed"))])  # the rows of its source
OUTPUT = np.dtype([("first", np.int64), ("units", np.int64), ("targets", np.int64)])
LOGISTIC, TANH, LINEAR, SOFTSIGN, RECTIFIED = range(5)

Cases = namedtuple("Cases", "count inputs lower upper aim desired held_out whole_cases")
"""Cases to learn. How many; the states of the input units, `(1 or runs, units, padded)`; the bounds of the error rule
and the desired states, `(1 or runs, target units, padded)`; which are held out, `(1 or runs, padded)`; whether a case
is right or wrong as a whole."""

Schedule = namedtuple("Schedule", "epsilon alpha decay sweeps before record tolerances stop snapshot_at order counts")
"""How to train. Rates, `(1 or runs, 1 or size)`; sweeps to do, and done before; sweeps between two recordings of E;
tolerances, the loosest first; whether a solved run stops; when to keep the weights; the cases after each of which the
weights change (none: after the sweep), and which of them count, `(1 or runs, cases)`."""

Results = namedtuple("Results", "weights velocity error solved_at snapshots states dE_dw done halt")
"""What a training writes. Weights and velocities, `(runs, size)`; E, `(runs, recordings)`; the sweeps at which the
tolerances were met, `(tolerances, runs)`; snapshots, `(snapshots, runs, size)`. Of the last sweep, if there is room for
it: states, `(runs, units, padded)`, and ∂E/∂w, `(runs, size)`. The sweeps that each run has done; whoever sets
`halt[0]` ends the training."""

Buffers = namedtuple("Buffers", "y dE_dx transposed lower upper aim desired row cases")
"""Pointers to what belongs to a run's cases, the length of a row, and the number of cases."""


def padded(count):
    """The least multiple of `WIDTH` that is not below `count`."""
    return (count + WIDTH - 1) // WIDTH * WIDTH


_padded = inlined(padded)

# ---------------------------------------------------------------- sums of products: (1), (6) and (7)


@compiled
def _products(sums, sums_row, rows, A, A_row, A_step, B, B_row, terms, width):
    """sums[j, c] += sum over k of A[j, k] B[k, c], for so many rows, terms, and columns (a multiple of eight).

    Row j of A begins at j A_row, and its terms are A_step apart. Four independent sums hide the latency of the
    multiply-adds: of four rows, else of four tiles of a row, else of every fourth term.
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
def _forward(graph, W, buffers):
    """The states of all units: equations (1) and (2)."""
    y, row = buffers.y, buffers.row
    for number in range(len(graph.layers)):
        layer = graph.layers[number]
        x = ahead(y, layer.first * row)
        for j in range(layer.units):
            _fill(ahead(x, j * row), row, at(W, layer.biases + j) if layer.biases >= 0 else 0.0)
        for number_of_link in range(layer.links, layer.end):
            link = graph.links[number_of_link]
            weights, source = ahead(W, link.weights), ahead(y, link.first * row)
            # (1): x (units, cases) += w (units, sources) y (sources, cases)
            _products(x, row, layer.units, weights, link.stride, ONE(1), source, row, link.units, row)
        _activate(x, layer.units * row, layer.activation, layer.gain)  # (2)
        if layer.transposed >= 0:
            _transpose(buffers, layer.first, layer.units, layer.transposed)


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
def _transpose(buffers, first, units, to):
    """Copy the states of a layer by case, its units side by side, as (6) reads them."""
    row = buffers.row
    y, by_case = ahead(buffers.y, first * row), ahead(buffers.transposed, to * row)
    for c in range(buffers.cases):
        for i in range(units):
            put(by_case, c * _padded(units) + i, at(y, i * row + c))


# ---------------------------------------------------------------- the backward pass


@compiled
def _compare(graph, buffers, whole_cases):
    """E, and ∂E/∂y of the units that have targets, in the buffer of ∂E/∂x, where `_slope` makes one of the other:
    equations (3) and (4)."""
    row, E = buffers.row, 0.0
    computed = graph.layers[0].first * row
    _fill(ahead(buffers.dE_dx, computed), graph.units * row - computed, 0.0)
    for number in range(len(graph.outputs)):
        output = graph.outputs[number]
        first, count, targets = output.first * row, output.units * row, output.targets * row
        y, dE_dy, desired = ahead(buffers.y, first), ahead(buffers.dE_dx, first), ahead(buffers.desired, targets)
        lower, upper, aim = ahead(buffers.lower, targets), ahead(buffers.upper, targets), ahead(buffers.aim, targets)
        for c in range(count):
            good = (at(lower, c) <= at(y, c)) & (at(y, c) <= at(upper, c))
            put(dE_dy, c, 0.0 if good else at(y, c) - at(aim, c))  # (4)
        if whole_cases:
            _whole_cases(y, dE_dy, aim, desired, count, row)
        E += _sum_of_squares(dE_dy, count)  # (3)
    return 0.5 * E


@compiled
def _whole_cases(y, dE_dy, aim, desired, count, row):
    """A case in which one unit of the layer is not good enough counts for all of them."""
    for c in range(row):
        wrong = False
        for k in range(c, count, row):
            wrong |= at(dE_dy, k) != 0.0
        for k in range(c, count, row):
            put(dE_dy, k, at(y, k) - at(aim, k) if wrong and at(desired, k) == at(desired, k) else 0.0)


@compiled
def _missed(graph, buffers, tolerance):
    """How many targets are missed by `tolerance` or more. What is NaN, as missing targets are, is not among them."""
    missed = 0
    for number in range(len(graph.outputs)):
        output = graph.outputs[number]
        y, d = ahead(buffers.y, output.first * buffers.row), ahead(buffers.desired, output.targets * buffers.row)
        for c in range(output.units * buffers.row):
            missed += abs(at(y, c) - at(d, c)) >= tolerance
    return missed


@compiled
def _backward(graph, W, dE_dW, buffers):
    """∂E/∂w, from the top layer down: equations (5) to (7)."""
    row, cases = buffers.row, buffers.cases
    _fill(dE_dW, graph.padded, 0.0)
    for number in range(len(graph.layers) - 1, -1, -1):
        layer = graph.layers[number]
        units, dE_dx = layer.units, ahead(buffers.dE_dx, layer.first * row)
        _slope(dE_dx, ahead(buffers.y, layer.first * row), units * row, layer.activation, layer.gain)  # (5)
        if layer.biases >= 0:
            dE_db = ahead(dE_dW, layer.biases)
            for j in range(units):
                put(dE_db, j, at(dE_db, j) + _sum(ahead(dE_dx, j * row), row))  # (6), y_i being 1
        for number_of_link in range(layer.links, layer.end):
            link = graph.links[number_of_link]
            sources, stride, weights = link.units, link.stride, ahead(dE_dW, link.weights)
            if link.transposed >= 0:
                y = ahead(buffers.transposed, link.transposed * row)
                # (6): ∂E/∂w (units, sources) += ∂E/∂x (units, cases) y (cases, sources)
                _products(weights, stride, units, dE_dx, row, ONE(1), y, stride, cases, stride)
            else:
                _narrow(weights, stride, units, dE_dx, ahead(buffers.y, link.first * row), sources, row)  # (6)
            if link.computed:
                dE_dy = ahead(buffers.dE_dx, link.first * row)
                # (7): ∂E/∂y (sources, cases) += w, its columns as rows (sources, units), ∂E/∂x (units, cases)
                _products(dE_dy, row, sources, ahead(W, link.weights), ONE(1), stride, dE_dx, row, units, row)


@compiled
def _narrow(dE_dW, stride, units, dE_dx, y, sources, row):
    """Equation (6) for a layer of few units: by case, they would leave most of the eight places empty."""
    for j in range(units):
        for i in range(sources):
            s = spread(0.0)
            for c in range(0, row, WIDTH):
                s = fma(load(dE_dx, j * row + c), load(y, i * row + c), s)
            put(dE_dW, j * stride + i, at(dE_dW, j * stride + i) + total(s))


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
    for k in range(count):
        put(velocity, k, fma(at(alpha, k), at(velocity, k), -(at(epsilon, k) * at(dE_dW, k))))  # (9)
        put(W, k, (at(W, k) + at(velocity, k)) * (1.0 - at(decay, k)))
    return _finite(W, count)


@compiled
def _finite(w, count):
    lost = 0
    for k in range(count):
        lost += not (abs(at(w, k)) < np.inf)
    return lost == 0


# ---------------------------------------------------------------- a run and its cases


@inlined
def _row(array, run):
    """Where an array with a row for each run, or one for all, has that of a run."""
    return run if len(array) > 1 else 0


@compiled
def _buffers(room, graph, cases, row, count):
    """`Buffers` for so many cases in rows of such length, and where the room behind them begins."""
    states, targets = graph.units * row, cases.lower.shape[1] * row
    y, dE_dx, transposed = room, ahead(room, states), ahead(room, 2 * states)
    lower = ahead(transposed, graph.transposed * row)
    upper, aim, desired = ahead(lower, targets), ahead(lower, 2 * targets), ahead(lower, 3 * targets)
    return Buffers(y, dE_dx, transposed, lower, upper, aim, desired, row, count), ahead(lower, 4 * targets)


def room_for(graph, cases):
    """Room for all that one thread of `train` needs."""
    rows = 2 * graph.units + graph.transposed + 4 * cases.lower.shape[1]
    return np.zeros(rows * (cases.lower.shape[2] + WIDTH) + 6 * graph.padded)


@compiled
def _lay_out(graph, cases, run, to):
    """Lay out the cases of a run: states of input units, bounds, targets."""
    _copy(cases.inputs, run, to.y)
    _transpose_inputs(graph, to)
    _copy(cases.lower, run, to.lower)
    _copy(cases.upper, run, to.upper)
    _copy(cases.aim, run, to.aim)
    _copy(cases.desired, run, to.desired)
    for c in range(to.row):
        if cases.held_out[_row(cases.held_out, run), c]:  # nothing is desired, and nothing is wrong
            for k in range(c, cases.lower.shape[1] * to.row, to.row):
                put(to.lower, k, -np.inf)
                put(to.upper, k, np.inf)
                put(to.desired, k, np.nan)


@compiled
def _copy(states, run, to):
    count = states.shape[1] * states.shape[2]
    mine = ahead(pointer(states), _row(states, run) * count)
    for k in range(count):
        put(to, k, at(mine, k))


@compiled
def _transpose_inputs(graph, buffers):
    for number in range(len(graph.inputs)):
        layer = graph.inputs[number]
        _transpose(buffers, layer.first, layer.units, layer.transposed)


@compiled
def _lay_out_one(graph, inputs, targets, case, whole, to):
    """Lay out one case of those in `whole`, as the first in a row of eight of which the others have no error."""
    _pick(whole.y, inputs, whole.row, case, to.y, 0.0)
    _transpose_inputs(graph, to)
    _pick(whole.lower, targets, whole.row, case, to.lower, -np.inf)
    _pick(whole.upper, targets, whole.row, case, to.upper, np.inf)
    _pick(whole.aim, targets, whole.row, case, to.aim, 0.0)
    _pick(whole.desired, targets, whole.row, case, to.desired, np.nan)


@compiled
def _pick(states, units, row, case, to, others):
    for j in range(units):
        _fill(ahead(to, j * WIDTH), WIDTH, others)
        put(to, j * WIDTH, at(states, j * row + case))


@compiled
def _gather(W, places, w):
    """Weights as they were handed over, of padded ones."""
    for k in range(len(places)):
        w[k] = at(W, places[k])


@compiled
def _scatter(w, run, places, W):
    """Padded weights, or rates, of a run, of one for each weight, or one for all."""
    for k in range(len(places)):
        put(W, places[k], w[_row(w, run), k if w.shape[1] > 1 else 0])


@entry
def train(graph, cases, schedule, results, room, first, last):
    """Train the runs from `first` to `last`, each by itself: equations (1) to (9), one sweep after the other."""
    places, size, sweeps, before = graph.places, graph.padded, schedule.sweeps, schedule.before
    order, tolerances, snapshot_at = schedule.order, schedule.tolerances, schedule.snapshot_at
    whole, behind = _buffers(pointer(room), graph, cases, cases.lower.shape[2], cases.count)
    one, W = _buffers(behind, graph, cases, WIDTH, 1)
    velocity, dE_dW, epsilon = ahead(W, size), ahead(W, 2 * size), ahead(W, 3 * size)
    alpha, decay = ahead(W, 4 * size), ahead(W, 5 * size)
    for run in range(first, last):
        _scatter(results.weights, run, places, W)
        _scatter(results.velocity, run, places, velocity)
        _scatter(schedule.epsilon, run, places, epsilon)
        _scatter(schedule.alpha, run, places, alpha)
        _scatter(schedule.decay, run, places, decay)
        _lay_out(graph, cases, run, whole)
        met, recorded, kept, t = 0, 0, 0, 0  # tolerances, recordings, snapshots, sweeps
        while met < len(tolerances) and results.solved_at[met, run] >= 0:
            met += 1
        active = _finite(W, size) and not (schedule.stop and met == len(tolerances))
        while active:
            _forward(graph, W, whole)
            E = _compare(graph, whole, cases.whole_cases)
            if t == sweeps or (schedule.record > 0 and t % schedule.record == 0):
                results.error[run, recorded] = E
                recorded += 1
            while met < len(tolerances) and np.isfinite(E) and _missed(graph, whole, tolerances[met]) == 0:
                results.solved_at[met, run] = before + t
                met += 1
            if kept < len(snapshot_at) and snapshot_at[kept] == before + t:
                _gather(W, places, results.snapshots[kept, run])
                kept += 1
            if t == sweeps or (schedule.stop and met == len(tolerances)) or results.halt[0]:
                break
            if len(order) == 0:
                _backward(graph, W, dE_dW, whole)
                active = _step(W, velocity, dE_dW, epsilon, alpha, decay, size)
            for case in order:
                if active and schedule.counts[_row(schedule.counts, run), case]:
                    _lay_out_one(graph, cases.inputs.shape[1], cases.lower.shape[1], case, whole, one)
                    _forward(graph, W, one)
                    _compare(graph, one, cases.whole_cases)
                    _backward(graph, W, dE_dW, one)
                    active = _step(W, velocity, dE_dW, epsilon, alpha, decay, size)
            t += 1
            results.done[run] = t
        results.done[run] = sweeps
        _gather(W, places, results.weights[run])
        _gather(velocity, places, results.velocity[run])
        for k in range(kept, len(snapshot_at)):
            _gather(W, places, results.snapshots[k, run])
        if len(results.states):
            _copy_back(whole.y, run, results.states)
        if len(results.dE_dw) and _finite(W, size):
            _backward(graph, W, dE_dW, whole)
            _gather(dE_dW, places, results.dE_dw[run])


@compiled
def _copy_back(y, run, states):
    count = states.shape[1] * states.shape[2]
    mine = ahead(pointer(states), run * count)
    for k in range(count):
        put(mine, k, at(y, k))


# ---------------------------------------------------------------- vectors: eight numbers side by side


class _Eight(types.Type):
    """Eight floats side by side, in as many registers as the machine needs for them."""

    def __init__(self):
        super().__init__("eight")


_EIGHT, _FLOAT, _INTEGER = _Eight(), ir.DoubleType(), ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, WIDTH)
register_model(_Eight)(lambda manager, kind: models.PrimitiveModel(manager, kind, _VECTOR))

# Each of the following is given the types of its arguments, and says what it makes of them: its types, and a function
# that builds its code, `b`, from the values of the arguments, `a`.

# ---------------------------------------------------------------- memory: pointers, since indices need no checks here


@intrinsic
def pointer(typing_context, array):
    """Where the numbers of a contiguous array are. Whoever takes it keeps the array alive."""
    data = lambda context, b, signature, a: context.make_array(signature.args[0])(context, b, a[0]).data  # noqa: E731
    return types.CPointer(array.dtype)(array), data


@intrinsic
def ahead(typing_context, p, count):
    """p + count."""
    return p(p, types.intp), lambda context, b, signature, a: b.gep(a[0], [a[1]])


@intrinsic
def at(typing_context, p, i):
    """p[i]."""
    return p.dtype(p, types.intp), lambda context, b, signature, a: b.load(b.gep(a[0], [a[1]]))


@intrinsic
def put(typing_context, p, i, x):
    """p[i] = x."""
    return types.void(p, types.intp, p.dtype), lambda context, b, signature, a: _nothing(
        b.store(a[2], b.gep(a[0], [a[1]]))
    )


@intrinsic
def load(typing_context, p, i):
    """p[i], ..., p[i + 7]."""
    return _EIGHT(p, types.intp), lambda context, b, signature, a: b.load(_eight_at(b, *a), align=8)


@intrinsic
def store(typing_context, p, i, s):
    """p[i], ..., p[i + 7] = s."""
    return types.void(p, types.intp, s), lambda context, b, signature, a: _nothing(
        b.store(a[2], _eight_at(b, *a[:2]), align=8)
    )


def _eight_at(b, p, i):
    return b.bitcast(b.gep(p, [i]), _VECTOR.as_pointer())


def _nothing(instruction):
    """What an instruction without a result leaves."""
    return ir.Constant(ir.IntType(8).as_pointer(), None)


# ---------------------------------------------------------------- arithmetic


@intrinsic
def fma(typing_context, x, y, z):
    """x y + z, rounded once: by an instruction where the machine has one, the same in software elsewhere."""
    kind, llvm, name = (_EIGHT, _VECTOR, "v8f64") if z == _EIGHT else (types.float64, _FLOAT, "f64")

    def code(context, b, signature, a):
        function = ir.FunctionType(llvm, [llvm] * 3)
        return b.call(cgutils.get_or_insert_function(b.module, function, f"llvm.fma.{name}"), a)

    return kind(kind, kind, kind), code


@intrinsic
def add(typing_context, s, t):
    """s + t, of eight and eight."""
    return s(s, s), lambda context, b, signature, a: b.fadd(*a)


@intrinsic
def spread(typing_context, x):
    """x, eight times."""

    def code(context, b, signature, a):
        one = b.insert_element(ir.Constant(_VECTOR, ir.Undefined), a[0], ir.IntType(32)(0))
        return b.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH))

    return _EIGHT(types.float64), code


@intrinsic
def total(typing_context, s):
    """The sum of the eight: ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7))."""

    def code(context, b, signature, a):
        part = [b.extract_element(a[0], ir.IntType(32)(k)) for k in range(WIDTH)]
        pair = [b.fadd(part[k], part[k + 4]) for k in range(4)]
        return b.fadd(b.fadd(pair[0], pair[2]), b.fadd(pair[1], pair[3]))

    return types.float64(s), code


@intrinsic
def _bits(typing_context, x):
    """The 64 bits of a float."""
    return types.int64(x), lambda context, b, signature, a: b.bitcast(a[0], _INTEGER)


@intrinsic
def _float(typing_context, k):
    """The float of these 64 bits."""
    return types.float64(k), lambda context, b, signature, a: b.bitcast(a[0], _FLOAT)


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
