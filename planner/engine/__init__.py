"""The engine: a plan and a matrix in, a report out. Pure: standard library, ports.matrix and planner.plan only."""

from planner.engine.report import Report, evaluate_report

__all__ = ["Report", "evaluate_report"]
