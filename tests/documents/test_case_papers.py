"""The papers of a court: every row of the form, figures that foot, and the same words in PDF and text document."""

from __future__ import annotations

import dataclasses
import io
import re
from functools import lru_cache

import docx
import pytest

from app.documents import case_papers, codec, render, word_file
from app.documents.case_papers import CasePaperFacts
from app.domain import statutes
from app.domain.case_facts import CaseFacts, Paper
from tests.documents import case_samples, printed

ROWS = (
    "当事人信息", "原告（法人、非法人组织）", "委托诉讼代理人", "被告", "第三人（自然人）", "第三人（法人、非法人组织）",
    "诉讼请求", "1. 物业费", "2. 违约金", "3. 是否主张诉讼费用", "4. 其他请求", "5. 标的总额", "约定管辖和诉前保全",
    "1. 有无仲裁、法院管辖约定", "是否已经诉前保全", "事实与理由", "1. 物业服务合同或前期物业服务合同签订情况",
    "2. 签订主体", "3. 物业项目情况", "4. 约定的物业费标准", "5. 约定的物业服务期限", "6. 约定的物业费支付方式",
    "7. 约定的逾期支付物业费违约金标准", "8. 被告欠付物业费数额及计算方式", "9. 被告应付违约金数额及计算方式",
    "10. 催缴情况", "11. 其他需要说明的内容", "12. 请求依据", "13. 证据清单", "对纠纷解决方式的意愿", "具状人",
)  # fmt: skip


@lru_cache(maxsize=32)
def facts(kind: Paper) -> CasePaperFacts:
    return case_papers.facts_of(kind, case_samples.case(co_owner=True), issued_on=case_samples.AS_OF)


def words(text: str) -> str:
    return "".join(text.split())


def page_words(page: str) -> str:
    return words("".join(_texts(word_file.read(page))))


def _texts(reader: word_file.Reader) -> list[str]:
    found = []
    for part in reader.parts:
        blocks = [part] if isinstance(part, word_file.Block) else [block for row in part for block in row]
        found += [block.text for block in blocks]
    return found


def docx_words(content: bytes) -> str:
    document = docx.Document(io.BytesIO(content))
    found = []
    for child in document.iter_inner_content():
        if isinstance(child, docx.table.Table):
            for row in child.rows:
                seen = []
                for cell in row.cells:
                    if cell._tc not in seen:
                        seen.append(cell._tc)
                        found.append(cell.text)
        else:
            found.append(child.text)
    return words("".join(found))


def test_the_complaint_has_every_row_of_the_form_in_its_order() -> None:
    text = page_words(render.html(facts(Paper.COMPLAINT)))
    place = 0
    for row in ROWS:
        found = text.find(words(row), place)
        assert found >= 0, row
        place = found
    assert "（见证据 2）".replace(" ", "") in text


@pytest.mark.parametrize("kind", list(Paper))
def test_pdf_and_text_document_say_the_same(kind: Paper) -> None:
    page = render.html(facts(kind))
    whole = docx_words(word_file.word_file(facts(kind)))
    assert whole == page_words(page)
    # nothing a reader sees stands outside what was taken over
    body = re.sub(r"<style>.*?</style>|<title>.*?</title>", "", page, flags=re.DOTALL)
    assert words(re.sub(r"<[^>]+>", "", body)) == whole.replace("&", "&amp;")


@pytest.mark.parametrize("kind", [Paper.COMPLAINT, Paper.CALCULATION, Paper.EXHIBIT_LIST])
def test_what_the_page_says_is_printed_with_packaged_fonts(kind: Paper) -> None:
    text = printed.text(facts(kind))
    for cell in _texts(word_file.read(render.html(facts(kind))))[:40]:
        assert words(cell) in text or len(cell) > 12, cell
    assert printed.file(facts(kind)) == render.pdf(facts(kind))[0]


def test_the_calculation_foots() -> None:
    case = case_samples.case()
    text = page_words(render.html(case_papers.facts_of(Paper.CALCULATION, case, issued_on=case.as_of)))
    for bill in case.bills:
        for one in bill.stretches:
            assert one.exact in text
        assert "各段乘积之和" + bill.exact in text
    assert sum(bill.late_charge_fen for bill in case.bills) == case.contract_late_fen
    assert case.total_fen == case.principal_fen + case.contract_late_fen


@pytest.mark.parametrize("kind", list(Paper))
def test_no_paper_cites_a_number_that_no_longer_holds(kind: Paper) -> None:
    text = page_words(render.html(facts(kind)))
    for one in statutes.table().values():
        if one.is_in_force(case_samples.AS_OF):
            continue
        from app.i18n import print_words

        assert print_words.citation(one) not in text
    for word in ("滞纳金",):
        clause = text.replace("（合同称“滞纳金”）", "")
        assert word not in clause


@pytest.mark.parametrize("kind", list(Paper))
def test_an_empty_case_still_prints_with_blanks(kind: Paper) -> None:
    case = case_samples.case()
    bare = dataclasses.replace(
        case, agents=(), sent=(), exhibits=(), settlement=None, judgment=None, court="",
        agreement=dataclasses.replace(case.agreement, title="", fee_text="", late_text="", signed_on=None, number=""),
    )  # fmt: skip
    page = render.html(case_papers.facts_of(kind, bare, issued_on=case.as_of))
    assert "None" not in page


def test_facts_survive_being_frozen() -> None:
    one = facts(Paper.COMPLAINT)
    assert codec.from_json(CasePaperFacts, codec.to_json(one)) == one
    case = case_samples.case()
    assert codec.from_json(CaseFacts, codec.to_json(case)) == case


def test_exhibits_are_placed_one_behind_the_other() -> None:
    placed = case_papers.numbered(case_samples.exhibits()[:3], pages={1: 2, 2: 0, 3: 5}, first=4)
    assert [(one.from_page, one.pages) for one in placed] == [(4, 2), (0, 0), (6, 5)]
