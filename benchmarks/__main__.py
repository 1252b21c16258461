"""Lists the benchmarks; `python -m benchmarks.<name>` runs one."""

import importlib
import pkgutil

import benchmarks


def main() -> None:
    """Print the name of every benchmark with the first line of its docstring."""
    print("Run one with `python -m benchmarks.<name>`; each says at its top how.\n")
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if not module.name.startswith("_"):
            about = (importlib.import_module(f"benchmarks.{module.name}").__doc__ or "").splitlines()[0]
            print(f"{module.name:20s} {about}")


if __name__ == "__main__":
    main()
