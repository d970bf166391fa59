"""The reference transformer that the TPU compiler compiles for a request: `python src/compiler/python < request.json`."""
