"""Every address of the service."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from planner.web.views import (
    acceptance,
    accounts,
    archives,
    changes,
    closed,
    comments,
    deletion,
    downloads,
    edit_links,
    editions,
    endpoints_table,
    errors,
    exclusions,
    firewalls,
    guided_again,
    guided_names,
    history,
    home,
    impacts,
    lives,
    members,
    modules,
    own_flows,
    plans,
    present,
    probes,
    reading,
    revisions,
    rule_ends,
    shared,
    shared_results,
    sharing,
    shelf,
    start,
    topology,
    uploads,
    words,
)

LINK = r"(?P<token>[A-Za-z0-9_-]{43})"

admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.show_home, name="show_home"),
    path("healthz", probes.show_health, name="show_health"),
    path("readyz", probes.show_readiness, name="show_readiness"),
    # Plans
    path("plans/", shelf.show_plans, name="show_plans"),
    path("plans/export.zip", shelf.export_plans, name="export_plans"),
    path("plans/start/", home.start_plan, name="start_plan"),
    path("plans/guided/", start.guided_start, name="guided_start"),
    path("plans/guided/preview/", start.guided_preview, name="guided_preview"),
    path("plans/guided/names/", guided_names.guided_names, name="guided_names"),
    path("plans/import/", home.import_plan, name="import_plan"),
    path(
        "plans/<uuid:key>/",
        include(
            [
                path("", plans.show_plan, name="show_plan"),
                path("name/", plans.rename_plan, name="rename_plan"),
                path("choices/", plans.decide_choice, name="decide_choice"),
                path("ports/", plans.override_port, name="override_port"),
                path("corrections/", plans.correct_caveat, name="correct_caveat"),
                path("modules/", modules.switch_module, name="switch_module"),
                path("flows/add/", own_flows.add_flow, name="add_flow"),
                path("flows/prepare/", own_flows.prepare_flows, name="prepare_flows"),
                path("flows/edit/", own_flows.edit_flow, name="edit_flow"),
                path("flows/delete/", own_flows.delete_flow, name="delete_flow"),
                path("exclusions/add/", exclusions.add_exclusion, name="add_exclusion"),
                path("exclusions/delete/", exclusions.delete_exclusion, name="delete_exclusion"),
                path("closed/add/", closed.add_never, name="add_never"),
                path("closed/import/", closed.add_policies, name="add_policies"),
                path("closed/delete/", closed.remove_never, name="remove_never"),
                path("firewalls/add/", firewalls.add_firewall, name="add_firewall"),
                path("firewalls/edit/", firewalls.edit_firewall, name="edit_firewall"),
                path("firewalls/delete/", firewalls.delete_firewall, name="delete_firewall"),
                path("questions/", guided_again.answer_questions, name="answer_questions"),
                path("questions/preview/", guided_again.preview_questions, name="preview_questions"),
                path("endpoints/", endpoints_table.edit_endpoints_table, name="edit_endpoints_table"),
                path("endpoints/check/", endpoints_table.check_endpoints, name="check_endpoints"),
                path("endpoints/endpoints.csv", topology.download_endpoints, name="download_endpoints"),
                path("endpoints/add/", topology.add_endpoint, name="add_endpoint"),
                path("endpoints/edit/", topology.edit_endpoint, name="edit_endpoint"),
                path("endpoints/move/", topology.move_endpoint, name="move_endpoint"),
                path("endpoints/duplicate/", topology.duplicate_endpoint, name="duplicate_endpoint"),
                path("endpoints/delete/", topology.delete_endpoint, name="delete_endpoint"),
                path("endpoints/change/", topology.change_endpoints, name="change_endpoints"),
                path("endpoints/import/", topology.import_endpoints, name="import_endpoints"),
                path("endpoints/template.csv", topology.download_template, name="download_template"),
                path("zones/add/", topology.add_zone, name="add_zone"),
                path("zones/edit/", topology.edit_zone, name="edit_zone"),
                path("zones/delete/", topology.delete_zone, name="delete_zone"),
                path("rule/", lives.show_rule, name="show_rule"),
                path("rule/state/", lives.set_state, name="set_state"),
                path("rules/state/", lives.set_states, name="set_states"),
                path("rules/close/", lives.close_rules, name="close_rules"),
                path("comments/", comments.show_comments, name="show_comments"),
                path("comments/add/", comments.add_comment, name="add_comment"),
                path("comments/resolve/", comments.resolve_comment, name="resolve_comment"),
                path("comments/delete/", comments.delete_comment, name="delete_comment"),
                path("present/", present.present_plan, name="present_plan"),
                path("undo/", history.undo_change, name="undo_change"),
                path("redo/", history.redo_change, name="redo_change"),
                path("pulse/", history.show_pulse, name="show_pulse"),
                path("visitor/", history.name_visitor, name="name_visitor"),
                path("history/", revisions.show_history, name="show_history"),
                path("history/restore/", revisions.restore_revision, name="restore_revision"),
                path("history/checkpoint/", revisions.name_checkpoint, name="name_checkpoint"),
                path("delete/", deletion.delete_plan, name="delete_plan"),
                path("bin/restore/", deletion.restore_plan, name="restore_plan"),
                path("changes/", changes.show_changes, name="show_changes"),
                path("changes/ends/", rule_ends.show_ends_of_changes, name="show_changes_ends"),
                path("changes/sent/", changes.hand_over, name="hand_over"),
                path("changes/<slug:name>", changes.download_changes, name="download_changes"),
                path("acceptance/", acceptance.show_acceptance, name="show_acceptance"),
                path("acceptance/<slug:name>", acceptance.download_acceptance, name="download_acceptance"),
                path("uploads/", uploads.show_uploads, name="show_uploads"),
                path("uploads/revoke/", uploads.revoke_upload, name="revoke_upload"),
                path("edition/", editions.show_editions, name="show_editions"),
                path("edition/switch/", editions.switch_edition, name="switch_edition"),
                path("plan.yaml", downloads.download_plan, name="download_plan"),
                path("export.zip", archives.export_plan, name="export_plan"),
                re_path(r"^diagram\.(?P<extension>svg|png)$", downloads.download_diagram, name="download_diagram"),
                path("report/<slug:name>", downloads.download_report, name="download_report"),
                path("rules/<slug:name>.txt", downloads.show_rule_text, name="show_rule_text"),
                path("ends/", rule_ends.show_ends_of_plan, name="show_ends"),
                path("duplicate/", shelf.duplicate_plan, name="duplicate_plan"),
                path("archive/", shelf.archive_plan, name="archive_plan"),
                path("links/", sharing.show_links, name="show_links"),
                path("links/make/", sharing.make_link, name="make_link"),
                path("links/revoke/", sharing.revoke_link, name="revoke_link"),
                path("links/undo/", sharing.bring_back_link, name="bring_back_link"),
                path("links/pdf/", sharing.print_link, name="print_link"),
                path("links/edit/", sharing.make_edit_link, name="make_edit_link"),
                path("links/edit/withdraw/", sharing.withdraw_edit_link, name="withdraw_edit_link"),
                path("withdrawals/undo/", sharing.give_back, name="give_back"),
                path("members/add/", members.add_member, name="add_member"),
                path("members/change/", members.change_member, name="change_member"),
                path("members/remove/", members.remove_member, name="remove_member"),
                path("read/", reading.read_plan, name="read_plan"),
                path("read/rules/<slug:name>.txt", reading.read_rule_text, name="read_rule_text"),
                path("read/ends/", rule_ends.read_ends, name="read_ends"),
                path("read/report/<slug:name>", reading.read_report, name="read_report"),
                re_path(r"^read/diagram\.(?P<extension>svg|png)$", reading.read_diagram, name="read_diagram"),
            ]
        ),
    ),
    # Links
    path("edit/", edit_links.continue_edit_link, name="continue_edit_link"),
    re_path(rf"^upload/{LINK}/$", uploads.upload_results, name="upload_results"),
    re_path(rf"^edit/{LINK}/$", edit_links.open_edit_link, name="open_edit_link"),
    re_path(
        rf"^shared/{LINK}/",
        include(
            [
                path("", shared.open_link, name="open_link"),
                path("enter/", shared.enter_link, name="enter_link"),
                path("report/<slug:name>", shared.open_report, name="open_report"),
                re_path(r"^diagram\.(?P<extension>svg|png)$", shared.open_diagram, name="open_diagram"),
                path("rules/<slug:name>.txt", shared.open_rule_text, name="open_rule_text"),
                path("ends/", shared.open_ends, name="open_ends"),
                path("rule/", shared.open_rule, name="open_rule"),
                path("rule/state/", shared.report_state, name="report_state"),
                path("rules/state/", shared.report_states, name="report_states"),
                path("results/", shared_results.send_results, name="send_results"),
                path("badge.svg", shared_results.show_badge, name="show_badge"),
                path("changes/", shared.open_changes, name="open_changes"),
                path("changes/ends/", shared.open_changes_ends, name="open_changes_ends"),
                path("changes/<slug:name>", shared.open_changes_file, name="open_changes_file"),
            ]
        ),
    ),
    # Accounts
    path("accounts/login/", accounts.log_in, name="log_in"),
    path("accounts/logout/", accounts.log_out, name="log_out"),
    path("accounts/password/", accounts.change_password, name="change_password"),
    path("admin/login/", accounts.log_in_staff, name="log_in_staff"),
    path("words/", words.show_words, name="show_words"),
    # What the plans are made of
    path("matrix/impact/", impacts.show_impact, name="show_impact"),
    path("matrix/", include("ports.urls")),
    re_path(r"^schemas/(?P<name>plan|report|results)\.json$", home.show_schema, name="show_schema"),
    path("admin/", admin.site.urls),
]

if settings.OIDC_ISSUER:
    from planner.web.sign_on import PROVIDER
    from planner.web.views import sign_on  # what it imports is installed only then

    # allauth finds its way back by this name, and knows the provider by this id.
    back = {"provider_id": PROVIDER}
    urlpatterns += [
        path("accounts/sign-on/", sign_on.start_sign_on, name="start_sign_on"),
        path("accounts/sign-on/done/", sign_on.finish_sign_on, back, name="openid_connect_callback"),
    ]

handler400 = errors.show_bad_request
handler403 = errors.show_forbidden
handler404 = errors.show_not_found
handler500 = errors.show_server_error
