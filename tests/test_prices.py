"""The quotes of example 73: reading a CSV file, and what is said of one that cannot be read."""

import numpy as np
import pytest

from utils.data import DataOptions, prices
from utils.problems import Problem

CLOSE = ("Close",)


def parsed(text, columns=CLOSE, encoding="utf-8"):
    return prices.parse(text.encode(encoding), columns, "q.csv")


def test_days_come_out_in_order_and_days_without_trade_are_dropped():
    found = parsed("Date,Open,Close\n2020-01-03,9,12\n2020/01/01,8,10\n20200102,0,0.0\n\n2020-01-06,7,None\n")
    assert found.dates.astype(str).tolist() == ["2020-01-01", "2020-01-03"]
    assert found.values.tolist() == [[10], [12]]
    assert found.dropped == 2
    both = parsed("Date,Open,Close\n2020-01-03,9,12\n2020-01-01,8,10\n", ("Close", "opening_price"))
    assert both.values.tolist() == [[10, 8], [12, 9]]


def test_the_books_format_has_no_header_and_is_gbk():
    row = "2017-05-31,'600000,浦发银行,{},13.2,12.8,13.0,12.9,0.1,0.8,0.2,1000,13000,3e11,2e11\n"
    found = prices.parse(row.format("12.95").encode("gbk"), CLOSE, "q.csv")
    assert found.values[0, 0] == pytest.approx(12.95)
    assert parsed("日期,收盘价\n2017-05-31,5\n", encoding="gbk").values.tolist() == [[5]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("2020-01-01,1\n", "has no header and 2 columns"),
        ("Date,Open\n2020-01-01,1\n", "has no column Close; it has date, opening_price"),
        ("Date,Close\n2020-01-01,dear\n", "row 2, column Close: 'dear' is no number"),
        ("Date,Close\n2020-01-01,inf\n", "'inf' is no number"),
        ("Date,Close\n2020-01-01,1\nlater,2\n", "row 3: 'later' is no day"),
        ("Date,Close\n2020-02-30,1\n", "is no day"),
        ("Date,Close\n2020-01-01,1,7\n", "3 cells, but 2 columns"),
        ("Date,Close\n2020-01-01,1\n2020-01-01,2\n", "a second time"),
        ("Date,Close\n2020-01-01,0\n", "no row has a price above zero"),
        ("Date,Close\n", "no row has a price above zero"),
        ("a\0b", "no text file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(text, said):
    with pytest.raises(Problem) as problem:
        parsed(text)
    assert str(problem.value).startswith("q.csv")
    assert said in str(problem.value)
    assert "\n" not in str(problem.value)


def test_the_readers_own_file_is_noted_as_such(tmp_path, capsys):
    path = tmp_path / "mine.csv"
    path.write_text("Date,Close\n2020-01-01,1\n", encoding="utf-8")
    options = DataOptions()
    prices.load(options, str(path))
    assert options.sources == [{"name": "mine.csv", "source": "the reader's own file", "real": False, "ours": True}]
    with pytest.raises(Problem, match="give a CSV file"):
        prices.load(options, str(tmp_path / "none.csv"))
    with pytest.raises(Problem, match="give a CSV file"):
        prices.load(options, str(tmp_path))


def test_the_made_up_share_is_a_walk_that_cannot_be_predicted():
    found = prices.parse(prices.made_up(), CLOSE, "made up")
    assert (len(found.dates), found.dropped) == (2975, 25)
    assert (np.diff(found.dates).astype(int) > 0).all()
    assert prices.made_up() == prices.made_up()
    changes = np.diff(np.log(found.values[:, 0].astype(float)))
    assert abs(np.corrcoef(changes[1:], changes[:-1])[0, 1]) < 0.06  # three standard errors of 2,974 changes
    columns = ("Close", "opening_price", "top_price", "low_price")
    close, opening, high, low = prices.parse(prices.made_up(), columns, "made up").values.T
    assert (high >= np.maximum(opening, close)).all()
    assert (low <= np.minimum(opening, close)).all()
