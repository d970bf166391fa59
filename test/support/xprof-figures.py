"""Prints what XProf's own tools say of each run folder given, as one JSON object by folder.

The functions are those behind `xprof get_kpi_metrics`, `get_top_hlo_ops`, `get_roofline_model` and `check_host_boundness`, without a new process
for each.
"""

import json
import sys

from xprof.cli.tools import check_host_boundness_tool
from xprof.cli.tools import get_kpi_metrics_tool
from xprof.cli.tools import get_overview_tool
from xprof.cli.tools import get_roofline_model_tool
from xprof.cli.tools import get_top_hlo_ops_tool


def figures(folder):
  return {
      'kpis': json.loads(get_kpi_metrics_tool.get_kpi_metrics(folder)),
      'overview': json.loads(get_overview_tool.get_overview(folder)),
      'top': json.loads(get_top_hlo_ops_tool.get_top_hlo_ops(folder, limit=40)),
      'roofline': json.loads(get_roofline_model_tool.get_roofline_model(folder)),
      'host': host_boundness(folder),
  }


def host_boundness(folder):
  try:
    return json.loads(check_host_boundness_tool.check_host_boundness(folder))
  except Exception as error:  # pylint: disable=broad-exception-caught
    return {'status': 'error', 'message': str(error)}


out = {}
for folder in sys.argv[1:]:
  try:
    out[folder] = figures(folder)
  except Exception as error:  # pylint: disable=broad-exception-caught
    out[folder] = {'error': str(error)}
print('\n==figures==')
print(json.dumps(out))
