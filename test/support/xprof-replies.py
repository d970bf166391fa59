"""Saves what XProf's server would answer for a run, tool by tool: xprof-replies.py RUN_FOLDER OUT_FOLDER [RUN_FOLDER OUT_FOLDER …]."""

import os
import sys

from xprof.convert import raw_to_tool_data

TOOLS = ['overview_page', 'op_profile', 'hlo_stats', 'roofline_model', 'memory_profile', 'input_pipeline_analyzer', 'pod_viewer']

for run, out in zip(sys.argv[1::2], sys.argv[2::2]):
  files = [os.path.join(run, name) for name in os.listdir(run) if name.endswith('.xplane.pb')]
  os.makedirs(out, exist_ok=True)
  for tool in TOOLS:
    # Memory is shown of one host at a time.
    data, _ = raw_to_tool_data.xspace_to_tool_data(files[:1] if tool == 'memory_profile' else files, tool, {'host': None, 'tqx': '', 'use_saved_result': False})
    with open(os.path.join(out, tool + '.json'), 'wb') as file:
      file.write(data.encode() if isinstance(data, str) else data or b'null')
