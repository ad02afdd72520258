"""What holds of a form's scoring where its template does not say it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

#: By the name of the setting; of a list that is not here nothing is meant. A template's own word always goes first.
DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "total": 100,
        "execution_weight": None,
        "execution_method": None,
        "level_weights": MappingProxyType({}),
        "required_level2": MappingProxyType({}),
        "over_budget": "warning",
        "low_execution_rate": 0.9,
        "low_score": 0.8,
        "budget_adjustment": 0.3,
        "concentrated_weight": 0.5,
        "money_decimals": 6,
        "grades": MappingProxyType({}),
        "over_achievement": 1.2,
        "reverse": ("ratio", "linear"),
        "uniform_rows": 5,
        "capped_rates": ("合格率", "覆盖率", "满意度", "及时率"),
        "quantitative_kinds": ("数量指标", "时效指标", "成本指标"),
        "vague_words": ("提升", "较好"),
        "failure_words": ("未完成", "未达到", "滞后"),
        "qualitative_grades": (
            {"words": ("达成年度指标",), "from": 0.8, "to": 1},
            {"words": ("部分达成年度指标并具有一定效果",), "from": 0.6, "to": 0.8},
            {"words": ("未达成年度指标且效果较差",), "from": 0, "to": 0.6},
        ),
    }
)
