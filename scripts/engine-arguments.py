"""What the argument parser of a serving engine takes: `engine-arguments.py vllm` or `sglang`, with the Python that has the engine.

Prints JSON of the arguments. With `--parse`, a JSON array on standard input, it prints what each list of arguments is parsed to, or why not.
No device is needed: the parser alone is made.
"""

import argparse
import contextlib
import importlib
import importlib.metadata
import io
import json
import os
import sys

PACKAGES = {"vllm": "vllm-tpu", "sglang": "sglang-jax"}


def parser_of(engine: str) -> argparse.ArgumentParser:
    """The parser of `vllm serve`, or of `python -m sgl_jax.launch_server`."""
    if engine == "sglang":
        parser = argparse.ArgumentParser()
        importlib.import_module("sgl_jax.srt.server_args").ServerArgs.add_cli_args(parser)
        return parser
    made = importlib.import_module("vllm.utils.argparse_utils").FlexibleArgumentParser()
    # the module moved between versions
    for name in ("vllm.entrypoints.launchers.cli_args", "vllm.entrypoints.openai.cli_args"):
        with contextlib.suppress(ModuleNotFoundError):
            parser = importlib.import_module(name).make_arg_parser(made)
            assert isinstance(parser, argparse.ArgumentParser)
            return parser
    raise SystemExit("this vLLM has no make_arg_parser")


def arguments_of(parser: argparse.ArgumentParser) -> dict[str, dict[str, object]]:
    """By each of an argument's names: whether it takes a value, and what it may be."""
    found: dict[str, dict[str, object]] = {}
    for action in parser._actions:
        choices = None if action.choices is None else [str(choice) for choice in action.choices]
        for name in action.option_strings:
            found[name] = {"value": action.nargs != 0, "choices": choices}
    return found


def parse(parser: argparse.ArgumentParser, arguments: list[str]) -> dict[str, object]:
    """What the arguments are parsed to, by name, or the parser's own words of refusal."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            values = parser.parse_args(arguments)
    except SystemExit:
        return {"error": said.getvalue()[-500:]}
    plain = {name: value for name, value in vars(values).items() if isinstance(value, str | int | float | bool | None)}
    return {"values": plain}


def main() -> None:
    """Reads the command line and prints one line of JSON."""
    engine = sys.argv[1]
    os.environ.update({"JAX_PLATFORMS": "cpu", "VLLM_TARGET_DEVICE": "tpu", "VLLM_LOGGING_LEVEL": "ERROR"})
    # what an engine prints while it is imported is not ours
    with contextlib.redirect_stdout(sys.stderr):
        parser = parser_of(engine)
        answer = (
            [parse(parser, arguments) for arguments in json.load(sys.stdin)]
            if "--parse" in sys.argv
            else {"package": PACKAGES[engine], "version": importlib.metadata.version(PACKAGES[engine]), "arguments": arguments_of(parser)}
        )
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
