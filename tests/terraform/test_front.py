"""How production is reached and what it reaches, by the plan of prod.tfvars."""

import json
import re

import pytest

from tests.terraform.gate import Plan, needs_check

pytestmark = [needs_check, pytest.mark.timeout(300)]


def test_only_static_files_are_ever_cached(production: Plan) -> None:
    disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    distribution = production.one("aws_cloudfront_distribution")
    ordered = {each["path_pattern"]: each for each in distribution["ordered_cache_behavior"]}

    cached = {path for path, each in ordered.items() if each["cache_policy_id"] != disabled}

    assert distribution["default_cache_behavior"][0]["cache_policy_id"] == disabled
    assert cached == {"/static/*"}
    assert set(ordered) - cached == {"/v1/*", "/auth/*", "/docs", "/openapi.json", "/version"}


def test_tls_is_1_2_at_least_everywhere(production: Plan) -> None:
    distribution = production.one("aws_cloudfront_distribution")
    (https,) = [
        each for each in production.of("aws_lb_listener").values() if each["protocol"] == "HTTPS"
    ]

    assert distribution["viewer_certificate"][0]["minimum_protocol_version"] == "TLSv1.2_2021"
    assert distribution["origin"][0]["custom_origin_config"][0]["origin_ssl_protocols"] == [
        "TLSv1.2"
    ]
    assert https["ssl_policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert https["default_action"][0]["fixed_response"][0]["status_code"] == "403"


def test_the_load_balancer_admits_cloudfront_only_and_asks_for_its_secret(production: Plan) -> None:
    rules = production.of("aws_lb_listener_rule").values()
    admitted = production.of("aws_vpc_security_group_ingress_rule", "module.load_balancer").values()

    assert len(rules) == 3
    for rule in rules:
        names = {
            part[0]["http_header_name"]
            for each in rule["condition"]
            if (part := each["http_header"])
        }
        assert names == {"X-Origin-Key"}
    assert {(each["from_port"], each["cidr_ipv4"]) for each in admitted} == {
        (80, None),
        (443, None),
    }
    assert all(each["prefix_list_id"] for each in admitted)


def test_health_checks_ask_for_life_and_not_for_readiness(production: Plan) -> None:
    groups = production.of("aws_lb_target_group").values()

    checks = {each["port"]: each["health_check"][0] for each in groups}
    sticky = {each["port"]: each["stickiness"][0]["enabled"] for each in groups}

    assert {port: check["path"] for port, check in checks.items()} == {
        8080: "/healthz",
        8501: "/_stcore/health",
    }
    assert {
        (check["interval"], check["timeout"], check["unhealthy_threshold"])
        for check in checks.values()
    } == {(10, 5, 3)}
    assert sticky == {8080: False, 8501: True}


def test_ingest_has_no_way_to_the_internet(production: Plan) -> None:
    routes = production.of("aws_route")

    assert {re.findall(r'\["([a-z]+)-', address)[0] for address in routes} == {"public", "private"}
    assert len(production.of("aws_nat_gateway")) == 1
    assert {
        each["service_name"].removeprefix("com.amazonaws.us-east-1.")
        for each in production.of("aws_vpc_endpoint").values()
    } == {
        "bedrock-runtime",
        "dynamodb",
        "ecr.api",
        "ecr.dkr",
        "logs",
        "monitoring",
        "rekognition",
        "s3",
        "secretsmanager",
        "sqs",
        "xray",
    }


def test_web_acl_has_a_rate_and_lets_photos_bodies_pass(production: Plan) -> None:
    acl = production.one("aws_wafv2_web_acl")

    rules = {each["name"]: each["statement"][0] for each in acl["rule"]}
    common = rules["AWSManagedRulesCommonRuleSet"]["managed_rule_group_statement"][0]

    assert rules["rate"]["rate_based_statement"][0]["limit"] == 3000
    assert "SizeRestrictions_BODY" in json.dumps(common["rule_action_override"])
