"""The engine: a plan and a matrix in, a report out. Pure: standard library, ports.matrix and planner.plan only."""

from planner.engine.flows import TooLarge
from planner.engine.report import Report, evaluate_report, outline_plan

__all__ = ["Report", "TooLarge", "evaluate_report", "outline_plan"]
