"""Asks the real JAX which logical meshes a TPU slice can carry, with no TPU.

  record-jax-mesh.py record OUT.json.gz   every six-axis factoring of every slice of knowledge/topologies.json with at
                                          most 2048 devices, and of other legal shapes: a fixture for the tests
  record-jax-mesh.py ask                  reads {"chip", "dims", "meshes": [[...]]} a line on stdin, answers a line each

A verdict is one letter a mesh, in the order of the meshes:
  c  create_device_mesh takes it as it is            (contiguous)
  s  only with allow_split_physical_axes=True        (split)
  i  it raises either way                            (impossible)
A placement is the CRC-32 of the coordinates (x, y, z, core; one byte each) of all devices of the mesh, row-major.

Needs jax[tpu] (recorded with jax 0.10.2, libtpu 0.0.42.1).
"""

import gzip
import json
import os
import pathlib
import sys
import zlib

os.environ.update(
    TPU_SKIP_MDS_QUERY="1",
    JAX_PLATFORMS="cpu",
    TPU_ACCELERATOR_TYPE="x",
    TPU_WORKER_HOSTNAMES="localhost",
    ALLOW_MULTIPLE_LIBTPU_LOAD="1",
)

import jax  # noqa: E402
from jax._src import mesh_utils as mesh_utils_source  # noqa: E402
from jax.experimental import mesh_utils, topologies  # noqa: E402

MAX_DEVICES = 2048
AXES = 6
PLACEMENTS_PER_SLICE = 48
ROOT = pathlib.Path(__file__).resolve().parent.parent


def devices_of(chip, dims):
    options = {}
    if all(n == 1 for n in dims):
        options["chips_per_host_bounds"] = [1, 1, 1]
    if chip == "v4":
        options["chip_config_name"] = "megacore"
    name = f"{chip}:{'x'.join(map(str, dims))}"
    return topologies.get_topology_desc(platform="tpu", topology_name=name, **options).devices


def share_physical_mesh():
    """create_device_mesh lays the same devices out anew on every call; that layout is kept between calls."""
    lay_out = mesh_utils_source._get_physical_tpu_mesh
    kept = {}

    def cached(devices):
        key = id(devices)
        if key not in kept:
            kept.clear()
            kept[key] = (devices, lay_out(devices))
        return kept[key][1]

    mesh_utils_source._get_physical_tpu_mesh = cached


def attempt(mesh, devices, split):
    try:
        return mesh_utils.create_device_mesh(mesh, devices, allow_split_physical_axes=split)
    except Exception:  # JAX refuses in several ways: NotImplementedError, ValueError, TypeError
        return None


def judge(mesh, devices):
    laid = attempt(mesh, devices, False)
    if laid is not None:
        return "c", laid
    laid = attempt(mesh, devices, True)
    return ("i", None) if laid is None else ("s", laid)


def placement(laid):
    flat = bytearray()
    for device in laid.flatten():
        flat += bytes((*device.coords, device.core_on_chip))
    return zlib.crc32(flat)


def factorings(n, axes):
    """All tuples of `axes` sizes whose product is n, in lexicographic order."""
    if axes == 1:
        yield (n,)
        return
    for first in range(1, n + 1):
        if n % first == 0:
            for rest in factorings(n // first, axes - 1):
                yield (first, *rest)


def extra_shapes():
    """Legal shapes without a name: parts of one cube in any order, and small products of cubes in two orders."""
    cube = [(a, b, c) for a in (1, 2, 4) for b in (1, 2, 4) for c in (1, 2, 4)]
    cubes = [(4 * i, 4 * j, 4 * k) for i in range(1, 9) for j in range(1, 9) for k in range(1, 9) if i * j * k <= 16]
    for chip in ("v4", "v5p", "tpu7x"):
        for dims in cube + [d for d in cubes if tuple(sorted(d)) in (d, tuple(reversed(d)))]:
            yield chip, dims
    for chip in ("v5e", "v6e"):
        for x in (1, 2, 4, 8, 16):
            for y in (1, 2, 4, 8, 16):
                yield chip, (x, y)


def slices():
    named = json.loads((ROOT / "knowledge" / "topologies.json").read_text())["slices"]
    seen = set()
    for entry in named.values():
        key = (entry["chip"], tuple(entry["dims"]))
        if entry["devices"] <= MAX_DEVICES and key not in seen:
            seen.add(key)
            yield (*key, True)
    for key in extra_shapes():
        if key not in seen:
            seen.add(key)
            yield (*key, False)


def record(out):
    entries = []
    pairs = 0
    for chip, dims, named in slices():
        try:
            devices = devices_of(chip, dims)
        except Exception as error:  # libtpu cannot describe it: such as 1x4x4, which does not fill its hosts
            print(f"{chip} {dims}: {str(error)[:120]}", file=sys.stderr, flush=True)
            continue
        if len(devices) > MAX_DEVICES:
            continue
        meshes = list(factorings(len(devices), AXES))
        # An unnamed shape is asked only for meshes that put their axes of 1 first, when it is large.
        if not named and len(devices) > 256:
            meshes = [m for m in meshes if m == tuple(sorted(m, key=lambda n: n != 1))]
        verdicts = []
        placements = []
        every = max(1, len(meshes) // PLACEMENTS_PER_SLICE)
        for i, mesh in enumerate(meshes):
            verdict, laid = judge(mesh, devices)
            verdicts.append(verdict)
            if laid is not None and i % every == every // 2:
                placements.append([i, placement(laid)])
        pairs += len(meshes)
        entries.append(
            {
                "chip": chip,
                "dims": dims,
                "devices": len(devices),
                "kind": devices[0].device_kind,
                "meshes": "all" if named or len(devices) <= 256 else "ones first",
                "verdicts": "".join(verdicts),
                "placements": placements,
            }
        )
        print(f"{chip} {dims}: {len(meshes)} meshes, {pairs} in all", file=sys.stderr, flush=True)
    recorded = {"jax": jax.__version__, "pairs": pairs, "slices": entries}
    with gzip.GzipFile(out, "wb", mtime=0) as file:
        file.write(json.dumps(recorded, separators=(",", ":")).encode())


def ask():
    for line in sys.stdin:
        question = json.loads(line)
        devices = devices_of(question["chip"], question["dims"])
        answers = [judge(tuple(mesh), devices) for mesh in question["meshes"]]
        print(
            json.dumps(
                {
                    "verdicts": "".join(verdict for verdict, _ in answers),
                    "placements": [None if laid is None else placement(laid) for _, laid in answers],
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    share_physical_mesh()
    if sys.argv[1:2] == ["record"] and len(sys.argv) == 3:
        record(sys.argv[2])
    elif sys.argv[1:] == ["ask"]:
        ask()
    else:
        sys.exit(__doc__)
