"""The addresses for programs, under /api/v1/: what people do with plans, by the same rules (ADR 0026).

Beside the pages and like them: it reads what is asked, has it done by the lower rooms, and says what came of it. It
knows no cookies: whoever asks is whom their token acts for.
"""
