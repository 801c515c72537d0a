from minitransfer.course import articles, claim_statements

EXPECTED = [
    *(f"A{n}" for n in range(1, 7)),
    *(f"B{n}" for n in range(1, 9)),
    *(f"C{n}" for n in range(1, 11)),
    *(f"D{n}" for n in range(1, 7)),
    *("E1", "E2", "E3", "E4", "E4b"),
    *(f"E{n}" for n in range(5, 13)),
    *(f"K{n}" for n in range(1, 7)),
]


def test_all_claims_are_there_in_order():
    assert list(claim_statements()) == EXPECTED


def test_each_has_one_whole_sentence_of_its_own():
    sentences = [statement.sentence for statement in claim_statements().values()]
    assert len(set(sentences)) == len(sentences)
    assert all(s[0].isupper() and s.endswith(".") and len(s) > 40 for s in sentences)


def test_the_five_articles_have_title_author_and_year():
    assert list(articles()) == list("ABCDE")
    assert all(len(a.title) > 10 and a.author for a in articles().values())
    assert [a.year for a in articles().values()] == ["n.d.", "2016", "2024", "n.d.", "2017"]
