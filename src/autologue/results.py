"""What a simulation gives: labelled trajectories, events and summaries, with a status for every patient."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr
from numpy.typing import NDArray

from autologue.errors import InputError, unknown
from autologue.files import replacing

__all__ = ["Simulation", "arrow_table"]

_ENDINGS = (".nc", ".parquet", ".csv")
_OF_PATIENT = ("parameter", "covariate", "summary", "event", "status")


@dataclass(frozen=True, slots=True)
class Simulation:
    """A labelled data set: dims (draw,) patient and time, one variable for each output, parameter, covariate, event and summary.

    Every variable says its `role` (output, measured, parameter, covariate, summary, event, status), and its `units` where it has one.
    A patient that failed has a `status` above zero, the time `failed_at`, trajectories that are NaN from there on, and no summaries.
    The attributes of `data` say what made it: model, seed, method, tolerances, regimen, versions.
    """

    data: xr.Dataset

    def names(self, *roles: str) -> list[str]:
        """Return the names of the variables that have one of the roles, in their order.

        >>> from autologue.library import load
        >>> from autologue.simulate import simulate
        >>> simulate(load("stein_2019"), times=[0, 7, 28], patients=3).names("output")
        ['transgene']
        """
        return [str(name) for name, variable in self.data.data_vars.items() if variable.attrs.get("role") in roles]

    @property
    def solved(self) -> NDArray[np.bool_]:
        """Which patients were solved to the end: (patients,) or (draws, patients)."""
        solved: NDArray[np.bool_] = self.data["status"].to_numpy() == 0
        return solved

    def status_counts(self) -> dict[str, int]:
        """Return how many patients (times draws) ended in each way, in words; only ways that occur.

        >>> from autologue.library import load
        >>> from autologue.simulate import simulate
        >>> simulate(load("stein_2019"), times=[0, 7, 28], patients=3).status_counts()
        {'solved': 3}
        """
        reasons = json.loads(self.data["status"].attrs["reasons"])
        codes, counts = np.unique(self.data["status"].to_numpy(), return_counts=True)
        return {reasons[code]: int(count) for code, count in zip(codes, counts, strict=True)}

    def to_frame(self) -> pd.DataFrame:
        """Return the trajectories as a tidy table: one row for each (draw,) patient and time, one column for each output."""
        names = self.names("output", "measured")
        dims = [str(d) for d in ("draw", "patient", "time") if d in self.data.dims]
        if not self.data.sizes["time"]:
            raise InputError("this simulation holds no times, only a row for each patient; read patients() instead")
        frame = self.data[names].to_dataframe(dim_order=dims).reset_index()
        return frame[[*dims, *names]]

    def patients(self) -> pd.DataFrame:
        """Return one row for each (draw and) patient: parameters, covariates, summaries, events, status and its reason."""
        names = self.names(*_OF_PATIENT)
        dims = [str(d) for d in ("draw", "patient") if d in self.data.dims]
        frame = self.data[names].to_dataframe(dim_order=dims).reset_index()
        frame = frame[[*dims, *names]]
        reasons = json.loads(self.data["status"].attrs["reasons"])
        return frame.assign(reason=np.array(reasons, dtype=object)[frame["status"].to_numpy()])

    def quantiles(
        self, probabilities: Sequence[float] = (0.05, 0.5, 0.95), *, by: str | Sequence[str] = (), outputs: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return quantiles over patients at each time: output, unit, columns of `by`, time, n, excluded, and a column each (q5, q50, q95).

        `by` names covariates, or `draw`, which is pooled otherwise. Failed patients are left out; `excluded` says how many.

        >>> from autologue.library import load
        >>> from autologue.simulate import simulate
        >>> list(simulate(load("stein_2019"), times=[0, 7, 28], patients=3).quantiles([0.5]))
        ['output', 'unit', 'time', 'n', 'excluded', 'q50']
        """
        levels = np.asarray(probabilities, dtype=float)
        if not len(levels) or not ((levels >= 0) & (levels <= 1)).all():
            raise InputError(f"probabilities {list(probabilities)} must lie between 0 and 1, at least one of them")
        names = self._outputs(outputs)
        rows = []
        for label, members in self._groups([by] if isinstance(by, str) else list(by)):
            kept = members[self.solved.reshape(-1)[members]]
            for name in names:
                values = self.data[name].to_numpy().reshape(-1, self.data.sizes["time"])[kept]
                found = np.quantile(values, levels, axis=0) if len(kept) else np.full((len(levels), values.shape[1]), np.nan)
                columns = {f"q{100 * level:g}": found[k] for k, level in enumerate(levels)}
                head = {"output": name, "unit": self.data[name].attrs.get("units", ""), **label, "time": self.data["time"].to_numpy()}
                rows.append(pd.DataFrame({**head, "n": len(kept), "excluded": len(members) - len(kept), **columns}))
        return pd.concat(rows, ignore_index=True)

    def _outputs(self, outputs: Sequence[str] | None) -> list[str]:
        known = self.names("output", "measured")
        for name in outputs or ():
            if name not in known:
                raise InputError(unknown("output", name, known))
        return known if outputs is None else list(outputs)

    def _groups(self, by: Sequence[str]) -> list[tuple[dict[str, Any], NDArray[np.int64]]]:
        """Return the groups: their labels, and their places among all draws and patients."""
        shape = self.data["status"].shape
        everybody = np.arange(int(np.prod(shape)))
        if not by:
            return [({}, everybody)]
        known = [*self.names("covariate"), *(["draw"] if "draw" in self.data.dims else [])]
        for name in by:
            if name not in known:
                raise InputError(f"quantiles by '{name}': {unknown('group', name, known)}")
        table = pd.DataFrame({name: self.data[name].broadcast_like(self.data["status"]).to_numpy().reshape(-1) for name in by})
        places = table.groupby(list(by), sort=True).indices
        return [(dict(zip(by, k if isinstance(k, tuple) else (k,), strict=True)), np.asarray(rows)) for k, rows in places.items()]

    def save(self, path: str | Path) -> Path:
        """Write the simulation and return the path: `.nc` all of it (netCDF); `.parquet` and `.csv` the trajectories as a table.

        Without times, the table is that of the patients. Attributes and units go into a Parquet file's metadata; a CSV file has no
        place for them. The file is whole or absent. Raises InputError for another ending, or where it cannot be written.
        """
        path = Path(path)
        if path.suffix not in _ENDINGS:
            raise InputError(f"cannot tell the format of '{path.name}' from its ending; expected one of {', '.join(_ENDINGS)}")
        with replacing(path) as part:
            if path.suffix == ".nc":
                self.data.to_netcdf(part, engine="h5netcdf")
            elif path.suffix == ".csv":
                self.table().to_csv(part, index=False)
            else:
                pq.write_table(arrow_table(self), part)
        return path

    def table(self) -> pd.DataFrame:
        """Return the trajectories as a table or, where there are no times, the patients."""
        return self.to_frame() if self.data.sizes["time"] else self.patients()

    @classmethod
    def load(cls, path: str | Path) -> Simulation:
        """Read a simulation from the netCDF file that `save` wrote; raises InputError where it is none."""
        try:
            with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as data:
                loaded = data.load()
        except (OSError, ValueError) as problem:
            raise InputError(f"{Path(path).name}: cannot be read as netCDF ({problem})") from None
        if "status" not in loaded or "model_hash" not in loaded.attrs:
            raise InputError(f"{Path(path).name}: is netCDF, but not a simulation that was saved by autologue")
        return cls(loaded)


def arrow_table(simulation: Simulation) -> pa.Table:
    """Return `Simulation.table()` as an Arrow table whose metadata hold the attributes, and whose columns hold their units."""
    table = pa.Table.from_pandas(simulation.table(), preserve_index=False)
    data = simulation.data
    fields = []
    for field in table.schema:
        attributes: Mapping[str, Any] = data[field.name].attrs if field.name in data.variables else {}
        said = {key: str(attributes[key]) for key in ("units", "long_name", "role") if key in attributes}
        fields.append(field.with_metadata(said) if said else field)
    return table.cast(pa.schema(fields, metadata={str(k): str(v) for k, v in data.attrs.items()}))
