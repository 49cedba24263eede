"""Coefficients of the two methods.

Rodas5P: Steinebach, G. Construction of Rosenbrock-Wanner method Rodas5P and numerical benchmarks within the Julia
Differential Equations package. BIT Numer Math 63:27 (2023), doi:10.1007/s10543-023-00967-x. Stiffly accurate, order 5,
8 stages, embedded order 4, dense output of order 4; written for the transformed variables that need no product with J.

Tsit5: Tsitouras, Ch. Runge-Kutta pairs of order 5(4) satisfying only the first column simplifying assumption.
Comput Math Appl 62:770-775 (2011), doi:10.1016/j.camwa.2011.06.002. Seven stages, first same as last.
"""

# ruff: noqa: E501
from __future__ import annotations

import numpy as np
from numpy.polynomial.polynomial import polymul

RODAS_GAMMA = 0.21193756319429014
_LAST = [-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946]
RODAS_A: list[list[float]] = [
    [],
    [3.0],
    [2.849394379747939, 0.45842242204463923],
    [-6.954028509809101, 2.489845061869568, -10.358996098473584],
    [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641],
    _LAST,
    [*_LAST, 1.0],
    [*_LAST, 1.0, 1.0],
]
RODAS_C: list[list[float]] = [
    [],
    [-14.155112264123755],
    [-17.97296035885952, -2.859693295451294],
    [147.12150275711716, -1.41221402718213, 71.68940251302358],
    [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306],
    [24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471],
    [30.91273214028599, -3.1208243349937974, 77.79954646070892, 34.28646028294783, -19.097331116725623, -28.087943162872662],
    [37.80277123390563, -3.2571969029072276, 112.26918849496327, 66.9347231244047, -40.06618937091002, -54.66780262877968, -9.48861652309627],
]  # fmt: skip
RODAS_DENSE: list[list[float]] = [
    [25.948786856663858, -2.5579724845846235, 10.433815404888879, -2.3679251022685204, 0.524948541321073, 1.1241088310450404, 0.4272876194431874, -0.17202221070155493],
    [-9.91568850695171, -0.9689944594115154, 3.0438037242978453, -24.495224566215796, 20.176138334709044, 15.98066361424651, -6.789040303419874, -6.710236069923372],
    [11.419903575922262, 2.8879645146136994, 72.92137995996029, 80.12511834622643, -52.072871366152654, -59.78993625266729, -0.15582684282751913, 4.883087185713722],
]  # fmt: skip


def _untransform() -> tuple[list[float], list[float]]:
    """Return stage times c and the weights d of df/dt, which follow from A, C and gamma."""
    n = len(RODAS_A)
    a, c = np.zeros((n, n)), np.zeros((n, n))
    for i in range(n):
        a[i, : len(RODAS_A[i])] = RODAS_A[i]
        c[i, : len(RODAS_C[i])] = RODAS_C[i]
    gamma = np.linalg.inv(np.eye(n) / RODAS_GAMMA - c)
    # python floats: the generator prints them
    return [float(v) for v in (a @ gamma).sum(axis=1)], [float(v) for v in gamma.sum(axis=1)]


RODAS_TIME, RODAS_SLOPE = _untransform()

TSIT_A: list[list[float]] = [
    [],
    [0.161],
    [-0.008480655492356989, 0.335480655492357],
    [2.8971530571054935, -6.359448489975075, 4.3622954328695815],
    [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525],
    [5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383],
    [0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774],
]
TSIT_TIME = [0.0, 0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0]
TSIT_ERROR = [
    0.00178001105222577714,
    0.0008164344596567469,
    -0.007880878010261995,
    0.1447110071732629,
    -0.5823571654525552,
    0.45808210592918697,
    -1.0 / 66.0,
]


def _tsit_dense() -> list[list[float]]:
    """Return, for each stage, the coefficients of theta, theta^2, theta^3, theta^4 in its weight."""

    def expand(scale: float, *factors: list[float]) -> list[float]:
        result = np.array([scale])
        for factor in factors:
            result = polymul(result, factor)
        return [float(v) for v in np.concatenate([result, np.zeros(5 - len(result))])[1:]]

    one, two = [0.0, 1.0], [0.0, 0.0, 1.0]
    return [
        expand(-1.0530884977290216, one, [-1.3299890189751412, 1.0], [0.7139816917074209, -1.4364028541716351, 1.0]),
        expand(0.1017, two, [1.2949852507374631, -2.1966568338249754, 1.0]),
        expand(2.490627285651252793, two, [1.57803468208092486, -2.38535645472061657, 1.0]),
        expand(-16.54810288924490272, two, [-1.21712927295533244, 1.0], [-0.61620406037800089, 1.0]),
        expand(47.37952196281928122, two, [-1.203071208372362603, 1.0], [-0.658047292653547382, 1.0]),
        expand(-34.87065786149660974, two, [-1.2, 1.0], [-0.666666666666666667, 1.0]),
        expand(2.5, two, [-1.0, 1.0], [-0.6, 1.0]),
    ]


TSIT_DENSE = _tsit_dense()
