"""Holds knowledge/models.json and knowledge/remat-policies.json against an installed MaxText: `/path/to/python bench/maxtext/compare-models.py`."""

import importlib.util
import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
MAXTEXT = Path(importlib.util.find_spec("maxtext").origin).parent
DEFAULTS = yaml.safe_load((MAXTEXT / "configs/base.yml").read_text())


def load(path: Path) -> dict:
    """A model's settings over those of the file it is based on."""
    own = yaml.safe_load(path.read_text())
    base = own.get("base_config")
    return {**(load(path.parent / base) if base and base != "base.yml" else {}), **own}


def dims_of(own: dict) -> dict:
    """MaxText's settings in our words."""
    settings = {**DEFAULTS, **own}
    experts = settings["num_experts"]
    moe = experts > 1
    moe_width = settings.get("base_moe_mlp_dim", -1)
    return {
        "layers": settings["base_num_decoder_layers"],
        "embed": settings["base_emb_dim"],
        "mlp": moe_width if moe and moe_width and moe_width > 0 else settings["base_mlp_dim"],
        "heads": settings["base_num_query_heads"],
        "kv_heads": settings["base_num_kv_heads"],
        "head_dim": settings["head_dim"],
        "vocab": settings["vocab_size"],
        "gated_mlp": len(settings["mlp_activations"]) == 2,
        "tied_embeddings": settings["logits_via_embedding"],
        "experts": experts,
        "experts_per_token": settings["num_experts_per_tok"] if moe else 1,
        "shared_experts": settings.get("shared_experts", 0) if moe else 0,
        "dense_layers": settings.get("first_num_dense_layers", 0) if moe else 0,
    }


OURS_BY_DEFAULT = {"gated_mlp": True, "tied_embeddings": False, "experts": 1, "experts_per_token": 1, "shared_experts": 0, "dense_layers": 0}


def main() -> None:
    models = json.loads((ROOT / "knowledge/models.json").read_text())["models"]
    files = {path.stem: path for path in sorted((MAXTEXT / "configs/models").glob("*.yml"))}
    print("| model | dimension | knowledge | MaxText |\n|---|---|---|---|")
    same = 0
    for name in sorted(models.keys() & files.keys()):
        ours, theirs = {**OURS_BY_DEFAULT, **models[name]["dims"]}, dims_of(load(files[name]))
        different = [key for key in theirs if ours[key] != theirs[key]]
        same += not different
        for key in different:
            print(f"| {name} | {key} | {ours[key]} | {theirs[key]} |")
    both = models.keys() & files.keys()
    print(f"\n{len(both)} models in both, {same} with every dimension equal.\n")
    cited = [name for name, model in models.items() if any(source["title"].startswith("MaxText 0.2.5") for source in model["sources"])]
    print("Cite a MaxText 0.2.5 file that is not there:", ", ".join(sorted(set(cited) - files.keys())) or "none")
    print("In knowledge only:", ", ".join(sorted(models.keys() - files.keys())))
    print("In MaxText only:", ", ".join(sorted(files.keys() - models.keys())))

    known = json.loads((ROOT / "knowledge/remat-policies.json").read_text())
    source = (MAXTEXT / "layers/nnx_decoders.py").read_text()
    body = source[source.index("def get_remat_policy") :]
    body = body[: body.index("\n  def ", 10)]
    real = set(re.findall(r'"(\w+)"', " ".join(re.findall(r"remat_policy (?:==|in|!=) (\{[^}]*\}|\"\w+\")", body)))) | {"none"}
    ours = known["policies"].keys() | known["aliases"].keys()
    print("\nRemat policies of MaxText that are not here:", ", ".join(sorted(real - ours)) or "none")
    print("Here and not MaxText's:", ", ".join(sorted(ours - real)) or "none")


if __name__ == "__main__":
    main()
