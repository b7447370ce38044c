"""Data sets for a model of the visitor's own choice: real ones from lessons everywhere, and two that are made with noise."""

from dataclasses import dataclass

import numpy as np

NOISE = 0.2  # the standard deviation that a made set has at first
_SEED = 1
_NUM_MADE = 60


@dataclass(frozen=True, eq=False)
class Dataset:
    """Points, and where they come from.

    Attributes:
        name: its label in the page's menu.
        x, y: the points, float32 of shape [n], in the order of their source; `y` is without noise if the set is made.
        x_label, y_label: what they are, with the unit if there is one.
        source: who measured or published them; "" for a set that is made.
        year: of the publication; 0 for a set that is made.
        model: the name of a model that suits them.
        deviation: of a set that is made, what noise of standard deviation 1 adds to each y, float32 of shape [n]; None for
            a measured one.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    x_label: str
    y_label: str
    source: str
    year: int
    model: str
    deviation: np.ndarray | None = None

    def noisy(self, noise: float = NOISE) -> np.ndarray:
        """The values of y, float32 of shape [n], with noise of this standard deviation in 0..1 if the set is made."""
        return self.y if self.deviation is None else (self.y + np.float32(noise) * self.deviation).astype(np.float32)


def _numbers(text: str) -> np.ndarray:
    return np.array(text.split(), np.float32)


def _made(name: str, model: str, x: np.ndarray, y: np.ndarray) -> Dataset:
    deviation = np.random.default_rng(_SEED).standard_normal(x.size).astype(np.float32)
    return Dataset(name, x.astype(np.float32), y.astype(np.float32), "x", "y", "", 0, model, deviation)


def _measured(name: str, labels: tuple[str, str], origin: tuple[str, int], model: str, columns: tuple[str, str]) -> Dataset:
    x, y = map(_numbers, columns)
    return Dataset(name, x, y, *labels, *origin, model)


_LINE_X = np.linspace(-2, 2, _NUM_MADE)
_WAVE_X = np.linspace(-4.6, 3.4, _NUM_MADE)

DATASETS = (
    _made("Noisy line", "Line", _LINE_X, 0.8 * _LINE_X - 0.4),
    _made("Noisy wave", "Wave", _WAVE_X, np.sin(0.83 * _WAVE_X - 0.4)),
    _measured(
        "Anscombe I",
        ("x", "y"),
        ("F. Anscombe", 1973),
        "Line",
        (
            "10 8 13 9 11 14 6 4 12 7 5",
            "8.04 6.95 7.58 8.81 8.33 9.96 7.24 4.26 10.84 4.82 5.68",
        ),
    ),
    _measured(
        "Anscombe IV",
        ("x", "y"),
        ("F. Anscombe", 1973),
        "Line",
        (
            "8 8 8 8 8 8 8 19 8 8 8",
            "6.58 5.76 7.71 8.84 8.47 7.04 5.25 12.5 5.56 7.91 6.89",
        ),
    ),
    _measured(
        "Hubble 1929",
        ("distance in megaparsecs", "velocity in km/s"),
        ("E. Hubble", 1929),
        "Line",
        (
            "0.032 0.034 0.214 0.263 0.275 0.275 0.45 0.5 0.5 0.63 0.8 0.9 0.9 0.9 0.9 1.0 1.1 1.1 1.4 1.7 2.0 2.0 2.0 2.0",
            "170 290 -130 -70 -185 -220 200 290 270 200 300 -30 650 150 500 920 450 500 500 960 500 850 800 1090",
        ),
    ),
    _measured(
        "Puromycin",
        ("substrate in ppm", "rate in 100 counts/min²"),
        ("M. Treloar", 1974),
        "Michaelis–Menten",
        (
            "0.02 0.02 0.06 0.06 0.11 0.11 0.22 0.22 0.56 0.56 1.10 1.10",
            "0.76 0.47 0.97 1.07 1.23 1.39 1.59 1.52 1.91 2.01 2.07 2.00",
        ),
    ),
    _measured(
        "Old Faithful",
        ("eruption in minutes", "next wait in minutes"),
        ("A. Azzalini and A. Bowman", 1990),
        "Line",
        (
            """3.6 1.8 3.333 2.283 4.533 2.883 4.7 3.6 1.95 4.35 1.833 3.917 4.2 1.75 4.7 2.167 1.75 4.8 1.6 4.25 1.8 1.75 3.45
            3.067 4.533 3.6 1.967 4.083 3.85 4.433 4.3 4.467 3.367 4.033 3.833 2.017 1.867 4.833 1.833 4.783 4.35 1.883
            4.567 1.75 4.533 3.317 3.833 2.1 4.633 2 4.8 4.716 1.833 4.833 1.733 4.883 3.717 1.667 4.567 4.317 2.233 4.5
            1.75 4.8 1.817 4.4 4.167 4.7 2.067 4.7 4.033 1.967 4.5 4 1.983 5.067 2.017 4.567 3.883 3.6 4.133 4.333 4.1 2.633
            4.067 4.933 3.95 4.517 2.167 4 2.2 4.333 1.867 4.817 1.833 4.3 4.667 3.75 1.867 4.9 2.483 4.367 2.1 4.5 4.05
            1.867 4.7 1.783 4.85 3.683 4.733 2.3 4.9 4.417 1.7 4.633 2.317 4.6 1.817 4.417 2.617 4.067 4.25 1.967 4.6 3.767
            1.917 4.5 2.267 4.65 1.867 4.167 2.8 4.333 1.833 4.383 1.883 4.933 2.033 3.733 4.233 2.233 4.533 4.817 4.333
            1.983 4.633 2.017 5.1 1.8 5.033 4 2.4 4.6 3.567 4 4.5 4.083 1.8 3.967 2.2 4.15 2 3.833 3.5 4.583 2.367 5 1.933
            4.617 1.917 2.083 4.583 3.333 4.167 4.333 4.5 2.417 4 4.167 1.883 4.583 4.25 3.767 2.033 4.433 4.083 1.833 4.417
            2.183 4.8 1.833 4.8 4.1 3.966 4.233 3.5 4.366 2.25 4.667 2.1 4.35 4.133 1.867 4.6 1.783 4.367 3.85 1.933 4.5
            2.383 4.7 1.867 3.833 3.417 4.233 2.4 4.8 2 4.15 1.867 4.267 1.75 4.483 4 4.117 4.083 4.267 3.917 4.55 4.083
            2.417 4.183 2.217 4.45 1.883 1.85 4.283 3.95 2.333 4.15 2.35 4.933 2.9 4.583 3.833 2.083 4.367 2.133 4.35 2.2
            4.45 3.567 4.5 4.15 3.817 3.917 4.45 2 4.283 4.767 4.533 1.85 4.25 1.983 2.25 4.75 4.117 2.15 4.417 1.817 4.467""",
            """79 54 74 62 85 55 88 85 51 85 54 84 78 47 83 52 62 84 52 79 51 47 78 69 74 83 55 76 78 79 73 77 66 80 74 52 48
            80 59 90 80 58 84 58 73 83 64 53 82 59 75 90 54 80 54 83 71 64 77 81 59 84 48 82 60 92 78 78 65 73 82 56 79 71
            62 76 60 78 76 83 75 82 70 65 73 88 76 80 48 86 60 90 50 78 63 72 84 75 51 82 62 88 49 83 81 47 84 52 86 81 75
            59 89 79 59 81 50 85 59 87 53 69 77 56 88 81 45 82 55 90 45 83 56 89 46 82 51 86 53 79 81 60 82 77 76 59 80 49
            96 53 77 77 65 81 71 70 81 93 53 89 45 86 58 78 66 76 63 88 52 93 49 57 77 68 81 81 73 50 85 74 55 77 83 83 51
            78 84 46 83 55 81 57 76 84 77 81 87 77 51 78 60 82 91 53 78 46 77 84 49 83 71 80 49 75 64 76 53 94 55 76 50 82
            54 75 78 79 78 78 70 79 70 54 86 50 90 54 54 77 79 64 75 47 86 63 85 82 57 82 67 74 54 83 73 73 88 80 71 83 56
            79 78 84 58 83 43 60 75 81 46 90 46 74""",
        ),
    ),
    _measured(
        "Mauna Loa CO₂",
        ("year", "CO₂ in the air in ppm"),
        ("NOAA Global Monitoring Laboratory", 2026),
        "Line",
        (
            " ".join(map(str, range(1959, 2026))),
            """315.98 316.91 317.64 318.45 318.99 319.62 320.04 321.37 322.18 323.05 324.62 325.68 326.32 327.46 329.68 330.19
            331.13 332.03 333.84 335.41 336.84 338.76 340.12 341.48 343.15 344.87 346.35 347.61 349.31 351.69 353.2 354.45
            355.7 356.54 357.21 358.96 360.97 362.74 363.88 366.84 368.54 369.71 371.32 373.45 375.98 377.7 379.98 382.09
            384.02 385.83 387.64 390.1 391.85 394.06 396.74 398.81 401.01 404.41 406.76 408.72 411.65 414.21 416.41 418.53
            421.08 424.61 427.35""",
        ),
    ),
    _measured(
        "US census",
        ("decades since 1900", "population in 100 millions"),
        ("US Census Bureau", 1970),
        "Logistic",
        (
            " ".join(map(str, range(-11, 8))),
            """0.0393 0.0531 0.0724 0.0964 0.129 0.171 0.232 0.314 0.398 0.502 0.629 0.760 0.920 1.057 1.228 1.317 1.513 1.793
            2.032""",
        ),
    ),
    _measured(
        "Planets",
        ("distance from the Sun in 10 AU", "period in 100 years"),
        ("Jet Propulsion Laboratory", 1992),
        "Power law",
        (
            "0.03871 0.07233 0.10000 0.15237 0.52034 0.95371 1.9191 3.0069",
            "0.002408 0.006152 0.010000 0.018808 0.11863 0.29447 0.84017 1.6479",
        ),
    ),
    _measured(
        "Cars",
        ("weight in 1,000 lb", "miles per gallon"),
        ("Motor Trend", 1974),
        "Line",
        (
            """2.62 2.875 2.32 3.215 3.44 3.46 3.57 3.19 3.15 3.44 3.44 4.07 3.73 3.78 5.25 5.424 5.345 2.2 1.615 1.835 2.465
            3.52 3.435 3.84 3.845 1.935 2.14 1.513 3.17 2.77 3.57 2.78""",
            """21 21 22.8 21.4 18.7 18.1 14.3 24.4 22.8 19.2 17.8 16.4 17.3 15.2 10.4 10.4 14.7 32.4 30.4 33.9 21.5 15.5 15.2
            13.3 19.2 27.3 26 30.4 15.8 19.7 15 21.4""",
        ),
    ),
)


def dataset(name: str) -> Dataset:
    """The data set with this name.

    Raises:
        ValueError: if there is none.
    """
    found = [data for data in DATASETS if data.name == name]
    if not found:
        raise ValueError(f"There is no data set {name!r}. Take one of {', '.join(data.name for data in DATASETS)}.")
    return found[0]
