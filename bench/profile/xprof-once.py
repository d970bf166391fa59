"""What `xprof get_kpi_metrics`, `get_top_hlo_ops` and `get_roofline_model` do, in one process: the figures our report holds."""

import json
import resource
import sys

from xprof.cli.tools import get_kpi_metrics_tool
from xprof.cli.tools import get_roofline_model_tool
from xprof.cli.tools import get_top_hlo_ops_tool

folder = sys.argv[1]
kpis = json.loads(get_kpi_metrics_tool.get_kpi_metrics(folder))
get_top_hlo_ops_tool.get_top_hlo_ops(folder)
get_roofline_model_tool.get_roofline_model(folder)
use = resource.getrusage(resource.RUSAGE_SELF)
print('\n==use==')
print(json.dumps({
    'step_time_ms': float(kpis['step_time_ms']),
    'peakMib': use.ru_maxrss / 1024,
    'cpuSeconds': use.ru_utime + use.ru_stime,
}))
