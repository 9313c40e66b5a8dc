from infra.local.provision import lifecycle_rules
from infra.local.signin import logout_urls


def test_archive_comes_before_the_end():
    rules = {rule["ID"]: rule for rule in lifecycle_rules(90)}

    assert rules["images"]["Expiration"]["Days"] == 88
    assert rules["archive"]["Transitions"] == [{"Days": 60, "StorageClass": "GLACIER_IR"}]
    assert rules["incoming"]["Expiration"]["Days"] == 1


def test_short_retention_archives_nothing():
    rules = {rule["ID"]: rule for rule in lifecycle_rules(30)}

    assert rules["images"]["Expiration"]["Days"] == 28
    assert "archive" not in rules


def test_sign_out_may_lead_to_the_page_with_and_without_slash():
    assert set(logout_urls("http://localhost:1")) == {
        f"http://{host}:1{path}"
        for host in ("localhost", "127.0.0.1")
        for path in ("", "/", "/oauth2callback")
    }
