"""Create a sample archive to try everything on: what a newcomer sees first, and material for tests.

Names, tiny videos and annotation workbooks have the shapes of a real archive; how they are scanned or read is unknown
here. The caller turns ``SampleLayout`` into settings.
"""

from pokervod_pipelines.sample.annotations.faults import FAULTS, Fault
from pokervod_pipelines.sample.layout import SampleLayout, lay_out_sample

__all__ = ["FAULTS", "Fault", "SampleLayout", "lay_out_sample"]
