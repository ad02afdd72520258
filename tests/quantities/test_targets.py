from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xlsform.quantities import When, read_target, target_of
from xlsform.quantities.dates import read_date

NUMBERS = [
    # text, comparator, amount, unit, per
    ("100%", None, "1", "%", ""),
    ("≥95%", "≥", "0.95", "%", ""),
    (">=90%", "≥", "0.9", "%", ""),
    ("＞＝90％", "≥", "0.9", "%", ""),
    ("=>90%", "≥", "0.9", "%", ""),
    ("≧100", "≥", "100", "", ""),
    ("⩾5", "≥", "5", "", ""),
    ("≦5", "≤", "5", "", ""),
    ("⩽5", "≤", "5", "", ""),
    ("<=5", "≤", "5", "", ""),
    ("=<5", "≤", "5", "", ""),
    ("﹦8个", "=", "8", "个", ""),
    ("═8个", "=", "8", "个", ""),
    ("＝8个", "=", "8", "个", ""),
    ("＞5", ">", "5", "", ""),
    ("＜5", "<", "5", "", ""),
    ("≥ 95 %", "≥", "0.95", "%", ""),
    ("≥９５％", "≥", "0.95", "%", ""),
    ("735人次", None, "735", "人次", ""),
    ("≤20万元", "≤", "20", "万元", ""),
    ("≤1,200.5元", "≤", "1200.5", "元", ""),
    ("不少于3次", "≥", "3", "次", ""),
    ("不低于95%", "≥", "0.95", "%", ""),
    ("不低于95%以上", "≥", "0.95", "%", ""),
    ("不超过20万元", "≤", "20", "万元", ""),
    ("不高于3%", "≤", "0.03", "%", ""),
    ("大于等于3", "≥", "3", "", ""),
    ("大于或等于3", "≥", "3", "", ""),
    ("小于等于3", "≤", "3", "", ""),
    ("大于3", ">", "3", "", ""),
    ("小于3", "<", "3", "", ""),
    ("等于3", "=", "3", "", ""),
    ("至少3次", "≥", "3", "次", ""),
    ("最多3次", "≤", "3", "次", ""),
    ("超过3次", ">", "3", "次", ""),
    ("95%以上", "≥", "0.95", "%", ""),
    ("95%及以上", "≥", "0.95", "%", ""),
    ("20万元以下", "≤", "20", "万元", ""),
    ("20万元以内", "≤", "20", "万元", ""),
    ("控制在20万元以内", "≤", "20", "万元", ""),
    ("3个工作日内", "≤", "3", "个工作日", ""),
    ("30天内完成", "≤", "30", "天", ""),
    ("1次/月", None, "1", "次", "月"),
    ("≥1次/每月", "≥", "1", "次", "月"),
    ("每月1次", None, "1", "次", "月"),
    ("每月不少于1次", "≥", "1", "次", "月"),
    ("每季度1次", None, "1", "次", "季度"),
    ("120元/人", None, "120", "元", "人"),
    ("500元/人/月", None, "500", "元", "人/月"),
    ("每人500元", None, "500", "元", "人"),
    ("100%覆盖", None, "1", "%", ""),
    ("100%完成", None, "1", "%", ""),
    ("完成100%", None, "1", "%", ""),
    ("达到95%以上", "≥", "0.95", "%", ""),
    ("满意度≥90%", "≥", "0.9", "%", ""),
    ("群众满意度达到95%以上", "≥", "0.95", "%", ""),
    ("合格率100%", None, "1", "%", ""),
    ("100%。", None, "1", "%", ""),
    ("8个村", None, "8", "个村", ""),
    ("20名教师", None, "20", "名教师", ""),
    ("完成2个项目", None, "2", "个项目", ""),
    ("3‰", None, "0.003", "‰", ""),
    ("5个百分点", None, "0.05", "个百分点", ""),
    ("¥4万元整", None, "4", "万元", ""),
    ("-3", None, "-3", "", ""),
    ("0", None, "0", "", ""),
    ("12个月", None, "12", "个月", ""),
    ("2021.12", None, "2021.12", "", ""),
    # from published forms
    ("≥50个", "≥", "50", "个", ""),
    ("≥100百分比", "≥", "1", "百分比", ""),
    ("≤90万元", "≤", "90", "万元", ""),
    ("≤202.6万元", "≤", "202.6", "万元", ""),
    ("132.9", None, "132.9", "", ""),
    ("=8个", "=", "8", "个", ""),
    ("=42个", "=", "42", "个", ""),
    ("43.2", None, "43.2", "", ""),
    ("37.24", None, "37.24", "", ""),
    ("2370人", None, "2370", "人", ""),
    ("15万元", None, "15", "万元", ""),
    ("14.8万元", None, "14.8", "万元", ""),
    ("38508人", None, "38508", "人", ""),
    ("不少于12 种", "≥", "12", "种", ""),
    ("14种", None, "14", "种", ""),
    ("116次", None, "116", "次", ""),
    ("100.00%", None, "1", "%", ""),
    ("97.30%", None, "0.973", "%", ""),
    ("8例", None, "8", "例", ""),
    ("25TB", None, "25", "TB", ""),
    ("≥360天", "≥", "360", "天", ""),
    ("5万", None, "5", "万", ""),
]


@pytest.mark.parametrize(("text", "comparator", "amount", "unit", "per"), NUMBERS)
def test_a_figure_is_read(text: str, comparator: str | None, amount: str, unit: str, per: str) -> None:
    target = read_target(text)
    assert target.kind == "number"
    assert (target.comparator, target.amount, target.unit, target.per) == (comparator, Decimal(amount), unit, per)
    assert (target.upper, target.when) == (None, None)


@pytest.mark.parametrize(
    ("text", "low", "high", "unit", "per"),
    [
        ("3-5次", "3", "5", "次", ""),
        ("3~5次", "3", "5", "次", ""),
        ("3～5次", "3", "5", "次", ""),
        ("3—5次", "3", "5", "次", ""),
        ("3至5次", "3", "5", "次", ""),
        ("3到5次", "3", "5", "次", ""),
        ("3次-5次", "3", "5", "次", ""),
        ("3次-5", "3", "5", "次", ""),
        ("3-5次/月", "3", "5", "次", "月"),
        ("每月3-5次", "3", "5", "次", "月"),
        ("95%-100%", "0.95", "1", "%", ""),
        ("90－95％", "0.9", "0.95", "%", ""),
        ("10万元至20万元", "10", "20", "万元", ""),
        ("4-5", "4", "5", "", ""),
        ("-5~3℃", "-5", "3", "°C", ""),
    ],
)
def test_a_range_is_read(text: str, low: str, high: str, unit: str, per: str) -> None:
    target = read_target(text)
    assert target.kind == "range"
    assert (target.amount, target.upper, target.unit, target.per) == (Decimal(low), Decimal(high), unit, per)


@pytest.mark.parametrize(
    ("text", "year", "first", "last"),
    [
        ("12月31日前", None, (1, 1), (12, 31)),
        ("12月31日之前", None, (1, 1), (12, 31)),
        ("12月31日", None, (12, 31), (12, 31)),
        ("12月31号前完成", None, (1, 1), (12, 31)),
        ("2021年底前完成", 2021, (1, 1), (12, 31)),
        ("2021年年底前", 2021, (1, 1), (12, 31)),
        ("2021年末", 2021, (12, 1), (12, 31)),
        ("2021年内完成", 2021, (1, 1), (12, 31)),
        ("2021年12月完成", 2021, (12, 1), (12, 31)),
        ("2021年12月底前", 2021, (1, 1), (12, 31)),
        ("２０２１年６月３０日", 2021, (6, 30), (6, 30)),
        ("2021 年 6 月 30 日前完成", 2021, (1, 1), (6, 30)),
        ("2021年2月", 2021, (2, 1), (2, 28)),
        ("2020年2月", 2020, (2, 1), (2, 29)),
        ("2月29日", None, (2, 29), (2, 29)),
        ("2021年", 2021, (1, 1), (12, 31)),
        ("2021年度", 2021, (1, 1), (12, 31)),
        ("年底前完成", None, (1, 1), (12, 31)),
        ("年底", None, (12, 1), (12, 31)),
        ("当年12月底前", None, (1, 1), (12, 31)),
        ("10月中旬", None, (10, 11), (10, 20)),
        ("2月下旬", None, (2, 21), (2, 29)),
        ("12月", None, (12, 1), (12, 31)),
        ("上半年", None, (1, 1), (6, 30)),
        ("2021年下半年完成", 2021, (7, 1), (12, 31)),
        ("第四季度", None, (10, 1), (12, 31)),
        ("2021年第2季度末前完成", 2021, (1, 1), (6, 30)),
        ("2021-12-31", 2021, (12, 31), (12, 31)),
        ("2021-12-31 00:00:00", 2021, (12, 31), (12, 31)),
        ("2021/12/31前", 2021, (1, 1), (12, 31)),
        ("2021.6.30", 2021, (6, 30), (6, 30)),
        ("2021.12完成", 2021, (12, 1), (12, 31)),
        ("2021-12", 2021, (12, 1), (12, 31)),
        ("≤2021年12月31日", 2021, (12, 31), (12, 31)),
        ("不晚于12月31日", None, (12, 31), (12, 31)),
    ],
)
def test_a_date_is_read(text: str, year: int | None, first: tuple[int, int], last: tuple[int, int]) -> None:
    target = read_target(text)
    assert target.kind == "date"
    assert target.when == When(year, first, last)
    assert (target.date is None) is (year is None)


def test_a_date_is_the_last_day_of_its_span() -> None:
    assert read_target("2021年2月下旬").date == datetime.date(2021, 2, 28)
    assert When(2021, (2, 29), (2, 29)).date == datetime.date(2021, 2, 28)


WORDS = [
    "", " ", "-", "—", "/", "一", "无", "合格", "及时", "健全", "满意", "按时完成", "良好", "约4个", "20人左右", "叁次",
    "一年一次", "完成2个项目的3次检查", "2021年完成2次", "3-5次检查和2次培训", "第1名", "2级甲等", "0-6岁儿童", "A4纸",
    "1号楼", "5美元", "3.5.2", "不低于20万元以下", "不超过95%以上", "≥3-5次", "5-3次", "1-12月", "2021-2022年",
    "3元-5次", "20人内", "2021年2月29日", "2月30日", "13月1日", "4/5", "4 5", "5²", "1e5", "NaN", "12,34", "3日前",
    "较上年提高5%", "≥", "%", "100%的村", "10个以上的5个",
    # from published forms
    "严格执行相关制度规定", "在项目计划完成时间内完成", "符合相关规定", "效果明显", "达成预期指标", "合规",
    "符合相关文件要求", "持续有效", "改善学校的办学条件", "社会认可的办学环境.", "目标明确、内容细化、目标量化",
    "实际工作需求", "资源采购期以当年为主", "全天候可用", "全天候", "公益性事业",
    "独有数据资源查询,查询范围可扩展到省图", "办公经费足额支付", "本项目共申请预算资金90万元。"
    "其中:30万元用于基建工程项目预算编制;30万元用于基建工程项目审计;30万元用于基建工程项目设计、规划、测绘。",
]  # fmt: skip


@pytest.mark.parametrize("text", WORDS)
def test_what_is_no_figure_is_a_word(text: str) -> None:
    target = read_target(text)
    assert target.kind == "word"
    assert (target.amount, target.upper, target.comparator, target.unit, target.when) == (None, None, None, "", None)


@pytest.mark.parametrize(
    ("text", "unit_cell", "amount", "unit", "per"),
    [
        ("≧100", "%", "1", "%", ""),
        ("≥95", "（%）", "0.95", "%", ""),
        ("≤0.5", "%", "0.005", "%", ""),
        ("100", "百分比", "1", "百分比", ""),
        ("95", "比例", "0.95", "比例", ""),
        ("0.95", "比例", "0.95", "比例", ""),
        ("4", "万元", "4", "万元", ""),
        ("4元", "万元", "4", "元", ""),
        ("≥3", "次/月", "3", "次", "月"),
        ("12", "月", "12", "月", ""),
        ("8", "篮子", "8", "篮子", ""),
        ("8", "—", "8", "", ""),
        ("8", "", "8", "", ""),
    ],
)
def test_a_unit_from_its_own_cell(text: str, unit_cell: str, amount: str, unit: str, per: str) -> None:
    target = read_target(text, unit_cell)
    assert (target.amount, target.unit, target.per) == (Decimal(amount), unit, per)


def test_the_text_is_kept_folded() -> None:
    assert read_target(" ≧ 95 ％ ").text == "≥95%"
    assert read_target("效果\n明显").text == "效果明显"


def test_a_number_cell_is_a_bare_figure() -> None:
    target = target_of(Decimal("0.98"), "％")
    assert (target.kind, target.comparator, target.amount, target.unit) == ("number", None, Decimal("0.98"), "%")


ANY = st.text() | st.text(
    alphabet="0123456789０９.,。%‰≥≤=<>-~/ 万元人次个月日年前底内以上下不少于每至完成率满意度季第旬", max_size=14
)


@given(ANY, ANY)
@example("率" * 60 + "1", "")
@example("1" * 60, "")
@example("2021年" * 12, "/")
def test_reading_a_target_never_raises(text: str, unit_cell: str) -> None:
    target = read_target(text, unit_cell)
    assert (target.amount is None) is (target.kind in ("date", "word"))
    assert (target.upper is None) is (target.kind != "range")
    assert (target.when is None) is (target.kind != "date")
    assert target.date is None or target.kind == "date"


AMOUNTS = st.decimals(0, 10**8, allow_nan=False, allow_infinity=False, places=2)


@given(
    AMOUNTS, st.sampled_from(["", "万元", "次", "人次", "个项目", "TB"]), st.sampled_from(["", "≥", "≤", "=", ">", "<"])
)
def test_a_formatted_figure_is_read_back(amount: Decimal, unit: str, sign: str) -> None:
    target = read_target(f"{sign}{amount:,f}{unit}")
    assert (target.kind, target.amount, target.unit, target.comparator) == ("number", amount, unit, sign or None)


@given(AMOUNTS, AMOUNTS)
def test_a_formatted_range_is_read_back(one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    target = read_target(f"{low}-{high}次")
    assert (target.kind, target.amount, target.upper) == ("range", low, high)


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)))
def test_a_formatted_date_is_read_back(date: datetime.date) -> None:
    for text in (
        date.isoformat(),
        f"{date.year}年{date.month}月{date.day}日前",
        f"{date:%Y.%m.%d}",
        f"{date:%Y/%m/%d}完成",
    ):
        assert read_target(text).date == date


@given(ANY)
def test_reading_a_date_never_raises(text: str) -> None:
    when = read_date(text)
    assert when is None or when.first <= when.last
