"""`python src/compiler/python` starts the reference program: a folder that is run is on the path of its imports."""

import sys

from reference_program.main import main

sys.exit(main())
