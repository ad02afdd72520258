"""Live through a working day with made-up figures: 30 projects over 8 units, from the project list to the 汇总表.

Usage: python scripts/day.py FOLDER             everything that an office and a bureau would have at the end, in FOLDER
       python scripts/day.py FOLDER --pictures  makes the pictures of docs/images from it, too (LibreOffice, Chromium)
"""

from __future__ import annotations

import csv
import email
import email.policy
import io
import os
import random
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from xlsform.demo.samples import typed_over  # noqa: E402
from xlsform.form.layout import lay_out  # noqa: E402
from xlsform.form.template import load  # noqa: E402
from xlsform.form.vocabulary import (  # noqa: E402
    FUNDS_TOTAL_BUDGET,
    FUNDS_TOTAL_INITIAL,
    INDICATOR_NAME,
    TARGET,
    WEIGHT,
)
from xlsform.reading import read_bytes  # noqa: E402
from xlsform.reading.workbook import Workbook  # noqa: E402
from xlsform.submission.recognition import recognise  # noqa: E402
from xlsform.workbook.data import fill  # noqa: E402
from xlsform.workbook.issue import issue  # noqa: E402
from xlsform.workbook.locks import lock_for  # noqa: E402

PASSWORD = "made-up day"
#: The page of the printed 汇总表 that the charts stand on.
CHARTS = 3
OFFICE = "某县财政局绩效科 <jx@example.gov.cn>"


class Unit(NamedTuple):
    """A unit, its department, its projects, and the indicators that all of these have."""

    name: str
    department: str
    email: str
    projects: tuple[str, ...]
    indicators: tuple[tuple[str, str, str, int], ...]
    """Level 2, name, target with ``{n}`` for a number of the project's own, weight."""


UNITS = (
    Unit("县公路养护中心", "县交通运输局", "gl@example.cn",
         ("农村公路日常养护", "县道安防工程", "危桥改造", "公路应急抢险物资储备"),
         (("数量指标", "养护里程", "≥{n}公里", 20), ("质量指标", "路况优良率", "≥95%", 10),
          ("时效指标", "按时完工率", "100%", 10), ("成本指标", "每公里养护成本", "≤1.2万元", 10),
          ("社会效益指标", "受益人口", "≥2万人", 20), ("可持续影响指标", "养护机制健全性", "健全", 10),
          ("服务对象满意度指标", "沿线群众满意度", "≥90%", 10))),
    Unit("县水利服务中心", "县水利局", "sl@example.cn",
         ("小型水库维修养护", "农村饮水安全巩固提升", "中小河流治理", "山洪灾害防治"),
         (("数量指标", "维修水库座数", "≥{n}座", 15), ("数量指标", "清淤长度", "≥3.5公里", 10),
          ("质量指标", "工程验收合格率", "100%", 10), ("时效指标", "完工时间", "12月31日前", 10),
          ("成本指标", "项目总成本", "≤260万元", 5), ("经济效益指标", "减少灾害损失", "≥80万元", 10),
          ("生态效益指标", "水质达标率", "≥98%", 20), ("服务对象满意度指标", "受益群众满意度", "≥90%", 10))),
    Unit("县中医院", "县卫生健康局", "zyy@example.cn",
         ("中医重点专科建设", "住院楼修缮", "医疗设备购置", "基层医师培训"),
         (("数量指标", "购置设备数量", "≥{n}台", 15), ("数量指标", "培训人次", "≥320人次", 10),
          ("质量指标", "设备验收合格率", "100%", 10), ("时效指标", "采购完成时间", "10月31日前", 10),
          ("成本指标", "成本节约率", "≥2%", 5), ("社会效益指标", "门诊人次增长率", "≥6%", 15),
          ("可持续影响指标", "设备使用年限", "≥8年", 15), ("服务对象满意度指标", "患者满意度", "≥92%", 10))),
    Unit("县第一中学", "县教育局", "yz@example.cn",
         ("教学楼维修", "实验室建设", "高中助学金", "校园安防升级"),
         (("数量指标", "资助学生人数", "≥{n}人", 20), ("质量指标", "资助对象认定准确率", "100%", 10),
          ("时效指标", "资金发放及时率", "100%", 10), ("成本指标", "人均资助标准", "=2000元", 10),
          ("社会效益指标", "因贫辍学人数", "0", 15), ("可持续影响指标", "资助制度健全性", "健全", 15),
          ("服务对象满意度指标", "学生及家长满意度", "≥90%", 10))),
    Unit("县图书馆", "县文化和旅游局", "tsg@example.cn",
         ("公共图书馆免费开放", "地方文献数字化", "流动图书车运行"),
         (("数量指标", "接待读者人次", "≥{n}00人次", 20), ("数量指标", "举办读者活动", "≥24场", 10),
          ("质量指标", "文献数字化合格率", "≥98%", 10), ("时效指标", "全年开放天数", "≥300天", 10),
          ("社会效益指标", "借阅量增长率", "≥5%", 20), ("可持续影响指标", "读者协会常态运行", "正常运行", 10),
          ("服务对象满意度指标", "读者满意度", "≥90%", 10))),
    Unit("县环境监测站", "县生态环境分局", "hjz@example.cn",
         ("大气自动站运维", "饮用水源地监测", "土壤环境调查", "噪声监测能力建设"),
         (("数量指标", "监测点位数", "≥{n}个", 20), ("质量指标", "数据有效率", "≥95%", 15),
          ("时效指标", "报告按时提交率", "100%", 10), ("成本指标", "运维成本", "≤45万元", 5),
          ("生态效益指标", "空气质量优良天数", "≥320天", 20), ("社会效益指标", "监测信息公开率", "100%", 10),
          ("服务对象满意度指标", "公众满意度", "≥85%", 10))),
    Unit("县农业技术推广站", "县农业农村局", "njz@example.cn",
         ("测土配方施肥推广", "高素质农民培育", "秸秆综合利用"),
         (("数量指标", "推广面积", "≥{n}00亩", 20), ("数量指标", "培训农民人次", "≥600人次", 10),
          ("质量指标", "技术到位率", "≥90%", 10), ("时效指标", "任务完成时间", "11月30日前", 10),
          ("经济效益指标", "亩均增收", "≥120元", 15), ("生态效益指标", "化肥减量率", "≥3%", 15),
          ("服务对象满意度指标", "农户满意度", "≥90%", 10))),
    Unit("县养老服务中心", "县民政局", "yl@example.cn",
         ("居家养老服务补贴", "敬老院消防改造", "失能老人护理", "老年助餐点建设"),
         (("数量指标", "服务老人数", "≥{n}人", 20), ("质量指标", "服务合格率", "≥95%", 10),
          ("时效指标", "补贴发放及时率", "100%", 10), ("成本指标", "人均补贴标准", "≤1800元", 10),
          ("社会效益指标", "安全责任事故数", "0", 15), ("可持续影响指标", "服务队伍稳定性", "稳定", 15),
          ("服务对象满意度指标", "老人及家属满意度", "≥90%", 10))),
)  # fmt: skip

REASONS = (
    "汛期连续降雨，工期顺延；明年提前进场、分段验收。",
    "部分资金下达较晚；今后按季度跟踪拨付。",
    "项目点调整，年内未全部完成；已列入次年一季度计划。",
)


def main(folder: Path, *, pictures: bool) -> None:
    """Live through the day in a folder, which is made anew."""
    os.environ |= {"XLSFORM_PASSWORD": PASSWORD, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    chance = random.Random(2025)
    write_list(folder, chance)
    register = folder / "台账.db"
    xlsform(folder, "generate", "mof-2020", "--projects", "项目清单.csv", "--year", "2025", "--register", register,
            "--due", "2026-01-31", "-o", "下发")  # fmt: skip
    xlsform(folder, "mail", "draft", "邮件", "--register", register, "--from", OFFICE)
    receive(folder, chance)
    asked = ("validate", "收件", "--register", register, "--fail-on", "never")
    xlsform(folder, *asked, "--format", "html", "-o", "审核结果.html")
    xlsform(folder, *asked, "--format", "csv", "-o", "问题清单.csv")
    xlsform(folder, *asked, "--annotate", "退回", "-o", "审核结果.txt")
    xlsform(folder, "mail", "draft", "退回邮件", "--returns", "收件", "--register", register, "--from", OFFICE)
    xlsform(folder, "status", "--register", register, "-o", "进度.txt")
    xlsform(folder, "status", "--register", register, "--format", "xlsx", "-o", "进度.xlsx")
    xlsform(folder, "summarize", "收件", "--register", register, "-o", "汇总表.xlsx")
    if pictures:
        make_pictures(folder)


def xlsform(folder: Path, *words: str | Path) -> None:
    """Run the program as a user would, in the folder."""
    print("$ xlsform", *words, flush=True)
    command = [sys.executable, "-m", "xlsform", "--lang", "zh", *map(str, words)]
    subprocess.run(command, cwd=folder, check=True)


# --- the list


def write_list(folder: Path, chance: random.Random) -> None:
    """Write the project list, and the indicators beside it."""
    projects: list[list[object]] = [
        ["项目编码", "项目名称", "主管部门", "实施单位", "电子邮箱", "年初预算数", "全年预算数"]
    ]
    indicators: list[list[object]] = [["项目编码", "二级指标", "三级指标", "指标值", "分值"]]
    for number, (unit, name) in enumerate(((each, name) for each in UNITS for name in each.projects), 1):
        code, initial = f"2025-{number:03}", chance.randrange(20, 400)
        budget = initial if chance.random() < 0.7 else initial + chance.randrange(1, 20)
        projects.append([code, name, unit.department, unit.name, unit.email, initial, budget])
        own = chance.randrange(12, 90)
        indicators += [
            [code, level2, what, target.replace("{n}", str(own)), weight]
            for level2, what, target, weight in unit.indicators
        ]
    for path, table in (("项目清单.csv", projects), ("项目清单-指标.csv", indicators)):
        with (folder / path).open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(table)


# --- what comes back


def receive(folder: Path, chance: random.Random) -> None:
    """Fill the folder of what came back in mails, archives and files: one twice, one forged, one of another project."""
    inbox = folder / "收件"
    inbox.mkdir()
    issued = sorted((folder / "下发").rglob("*.xlsx"))
    outstanding = set(chance.sample(range(len(issued)), 5))
    by_unit: dict[str, list[tuple[str, bytes]]] = {}
    for number, path in enumerate(issued):
        if number not in outstanding:
            by_unit.setdefault(path.parent.name, []).append((path.name, returned(path, chance, faulty=number % 3 == 0)))
    for number, (unit, files) in enumerate(by_unit.items()):
        address = next(each.email for each in UNITS if each.name == unit)
        if number % 4 == 3:
            for name, data in files:
                (inbox / name).write_bytes(data)
            continue
        if number % 4 == 1:
            files = [("自评表.zip", archive(files))]
        (inbox / f"{number:02}_{unit}.eml").write_bytes(letter(address, unit, files))
    twice = next(path for path in issued if path.parent.name in by_unit)
    (inbox / f"（更正）{twice.name}").write_bytes(returned(twice, chance, faulty=False))
    lay = lay_out(load("mof-2020"))
    code, title = issued[min(outstanding)].stem.split("_")[:2]
    forged = issue(lay, lock_for("x"), year=2025, project_code=code, values={"project_name": title})
    (inbox / f"{code}_自制.xlsx").write_bytes(forged)
    other = issue(lay, lock_for("x"), year=2025, project_code="2024-117", values={"project_name": "城区路灯改造"})
    (inbox / "城区路灯改造.xlsx").write_bytes(other)


def returned(path: Path, chance: random.Random, *, faulty: bool) -> bytes:
    """Return an issued workbook as the unit sends it back."""
    original = path.read_bytes()
    contents = read_bytes(original)
    assert isinstance(contents, Workbook)
    submission = recognise(path, contents)
    assert submission is not None
    budget = submission.number(FUNDS_TOTAL_BUDGET) or Decimal(100)
    executed = (budget * Decimal(chance.randrange(92, 101)) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    sources = {
        "appropriation": {"initial": submission.number(FUNDS_TOTAL_INITIAL), "budget": budget, "executed": executed}
    }
    rows = [answered(row, chance) for row in submission.rows if not row[INDICATOR_NAME].blank]
    name = submission.entries["project_name"].text
    done = sum("reason" not in row for row in rows)
    data: dict[str, Any] = {
        "template": "mof-2020",
        "fields": {
            "goal_expected": f"按计划实施{name}，完成年度各项任务，群众得到实惠。",
            "goal_actual": f"{name}全年支出{executed}万元，{len(rows)}项指标完成{done}项。",
        },
        "funds": {"total": {"executed": executed}, **sources},
        "indicators": rows,
    }
    if not faulty:
        return fill(submission, original, data)
    missed = next((row for row in rows if "reason" in row), rows[0])
    fault = chance.randrange(4)
    if fault == 0:
        missed["reason"] = "无"
    elif fault == 1:
        missed["score"] = missed["weight"]
    elif fault == 2:
        data["funds"]["appropriation"]["executed"] = executed - 3
    filled = fill(submission, original, data)
    total = submission.cell("total_score")
    return typed_over(filled, {f"自评表!{total}": Decimal(100)}) if fault == 3 else filled


def answered(row: Mapping[str, Any], chance: random.Random) -> dict[str, Any]:
    """Return an indicator with an actual value and the score that follows."""
    field, weight, target = row[INDICATOR_NAME].field, row[WEIGHT].number, row[TARGET].text
    found: dict[str, Any] = {"level1": field.level1, "level2": field.level2, "name": row[INDICATOR_NAME].text}
    found |= {"target": target, "weight": weight, "score": weight}
    digits = (
        target.lstrip("≥≤=")
        .rstrip("%")
        .rstrip("".join({char for char in target if not char.isdigit() and char != "."}))
    )
    if "月" in target or not digits or not digits.replace(".", "").isdigit():
        return found | {"actual": target.replace("31日前", "20日").replace("30日前", "15日")}
    asked = Decimal(digits) / (100 if target.endswith("%") else 1)
    met = chance.random() < 0.8 or asked == 0 or target[0] == "=" or digits == "100"
    share = Decimal(chance.randrange(100, 108) if met else chance.randrange(85, 99)) / 100
    if target[0] in "≤=" or digits in ("100", "0"):
        share = Decimal(1) if target[0] != "≤" else Decimal(chance.randrange(90, 101)) / 100
    places = (
        Decimal("0.0001")
        if target.endswith("%")
        else Decimal(1)
        if asked == asked.to_integral_value()
        else Decimal("0.1")
    )
    actual = (asked * share).quantize(places, ROUND_HALF_UP)
    if target.endswith("%") and "增长" not in row[INDICATOR_NAME].text:
        actual = min(actual, Decimal(1))
    if target[0] == "≥" and actual < asked:
        score = (actual / asked * weight).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return found | {"actual": actual, "score": score, "reason": chance.choice(REASONS)}
    return found | {"actual": actual}


def archive(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return files as a .zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, data in files:
            zipped.writestr(f"自评表/{name}", data)
    return buffer.getvalue()


def letter(sender: str, unit: str, files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a mail that brings returns."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, OFFICE, f"{unit}报送自评表"
    message["Date"] = "Mon, 12 Jan 2026 10:00:00 +0800"
    message.set_content("见附件，请审核。")
    for name, data in files:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


# --- the pictures


def make_pictures(folder: Path) -> None:
    """Take pictures of what was made, for README.zh.md."""
    images = ROOT / "docs/images"
    issued = next((folder / "下发").rglob("*农村公路*.xlsx"))
    filled = max((folder / "收件").glob("2025-*_县第一中学.xlsx"), key=told_missed)
    back = next((folder / "退回").rglob("*2025-017*.xlsx"))
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        office_picture(on_screen(issued, work / "issued.xlsx"), images / "issued.png", work)
        office_picture(on_screen(filled, work / "filled.xlsx"), images / "filled.png", work)
        office_picture(back, images / "returned.png", work)
        office_picture(folder / "汇总表.xlsx", images / "summary.png", work)
        office_picture(folder / "汇总表.xlsx", images / "charts.png", work, page=CHARTS)
        browser_picture(folder / "审核结果.html", images / "report.png", work, "1180,1500")
        body = email.message_from_bytes(
            next((folder / "退回邮件").glob("*图书馆*")).read_bytes(), policy=email.policy.default
        )
        html = body.get_body(("html",))
        assert html is not None
        (work / "letter.html").write_text(html.get_content(), encoding="utf-8")
        browser_picture(work / "letter.html", images / "letter.png", work, "760,560")


def told_missed(workbook: Path) -> int:
    """Return how many hints of a return tell of a target that was missed."""
    sheet = openpyxl.load_workbook(workbook, data_only=True)["自评表"]
    return sum("未达标" in str(cell.value) for cell in sheet["K"])


def on_screen(source: Path, copy: Path) -> Path:
    """Copy a workbook so that what stands beside the form, and is not printed, is printed too."""
    book = openpyxl.load_workbook(source)
    form = book["自评表"]
    form.print_area = f"A1:M{form.max_row}"
    form.page_setup.orientation = "landscape"
    assert form.oddFooter is not None
    form.oddFooter.center.text = ""
    book.save(copy)
    return copy


def office_picture(workbook: Path, picture: Path, work: Path, page: int = 1) -> None:
    """Take a picture of a printed page."""
    pdf = printed(workbook, work)
    subprocess.run(
        ["pdftoppm", "-r", "92", "-f", str(page), "-l", str(page), "-png", "-singlefile", pdf, work / "page"],
        check=True,
    )
    reduce(work / "page.png", picture, foot=60)


def printed(workbook: Path, work: Path) -> Path:
    """Return a workbook as a PDF."""
    subprocess.run(
        ["soffice", "--headless", "--convert-to", "pdf", "--outdir", work, workbook], check=True, capture_output=True
    )
    return work / f"{workbook.stem}.pdf"


def browser_picture(page: Path, picture: Path, work: Path, size: str) -> None:
    """Take a picture of a page in a browser."""
    command = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={size}"]
    subprocess.run([*command, f"--screenshot={work / 'shot.png'}", page.as_uri()], check=True, capture_output=True)
    reduce(work / "shot.png", picture)


def reduce(source: Path, picture: Path, foot: int = 0) -> None:
    """Write a picture without its margins and in few colours, less so many lines at its foot."""
    subprocess.run(
        [
            "convert",
            source,
            "-gravity",
            "south",
            "-chop",
            f"0x{foot}",
            "-trim",
            "-bordercolor",
            "white",
            "-border",
            "8",
            "-colors",
            "64",
            "-strip",
            picture,
        ],
        check=True,
    )
    print(f"written: {picture.relative_to(ROOT)} ({picture.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), pictures="--pictures" in sys.argv)
