"""Emulate Google Sheets and Drive for tests: the real HTTP protocol over a real socket, and people who edit.

What belongs here is what Google does. What our client makes of it belongs in the tests of that client.
Imports come from the modules, by name::

    from pokervod_pipelines_tests.google.clock import VirtualClock       # now(), sleep(seconds) advances
    from pokervod_pipelines_tests.google.emulator import Emulator
    from pokervod_pipelines_tests.google.quota import Quota
    from pokervod_pipelines_tests.google import faults

    with Emulator.start(clock=VirtualClock(), quota=Quota(reads_per_minute=60, writes_per_minute=60)) as google:
        google.root                                    # "http://127.0.0.1:PORT"; has /v4, /drive/v3, /token
        account = google.make_service_account()        # dict like Google's JSON; token_uri is {root}/token
        sheet = google.add_workbook({"Hands": [["File", "In"], ["a.mp4", 12]]}, title="Tracker")  # or an .xlsx Path
        sheet.share(account["client_email"], "writer") # or "reader"; .unshare(email); .trash(); .restore()
        google.add_office_file(title="T.xlsx")         # an Excel file: Drive lists it, Sheets refuses it
        google.remove(sheet.id)                        # deleted for ever

People's edits, methods of ``model.Spreadsheet`` (rows and columns from 1; a column is a number or letters, a tab its
title; each bumps ``version`` and ``modified_at``, is atomic, and may be called from any thread)::

        sheet.type_cell("Hands", 2, "B", "=1+2")       # "=..." is a formula; None or "" clears
        sheet.type_cell("Hands", 2, 2, 0.5, number_format="[h]:mm:ss")
        sheet.enter("Hands", 2, 2, "1:30:00")          # as typed at the keyboard: numbers, times, TRUE are recognised
        sheet.insert_rows("Hands", 2, [["b.mp4", 3]])  # before row 2; rows may be a number of blank ones
        sheet.delete_rows("Hands", 2, count=1)
        sheet.sort("Hands", "B", header_rows=1, descending=False)
        sheet.sort_range("Hands", "A2:F", "B")         # these cells only; what stands beside them stays
        sheet.set_filter("Hands", "A1:F"); sheet.sort_filter("Hands", "B")   # the same, by a filter that is there
        sheet.import_range("Hands", "A1", [[...]])     # what an IMPORTRANGE shows, or "Loading...", "#REF!"
        sheet.copy_row("Hands", 2, 5)                  # row 2 as it was, inserted before row 5
        sheet.insert_column("Hands", 1, ["Head", ...]) # values from row 1 on, optional
        sheet.delete_column("Hands", "A")
        sheet.rename_header("Hands", "Old", "New", row=1)
        sheet.add_tab("New", [[...]]); sheet.rename_tab("Hands", "H"); sheet.delete_tab("H")
        sheet.merge("Hands", "A2:A4"); sheet.hide_tab("Old")
        sheet.protect("Hands", "A1:F", editors=[...])  # or the whole tab; writes of others are refused
        sheet.locale = LOCALES["de_DE"]                # how it shows and reads numbers, times, TRUE and formulas
        sheet.drive_lag = timedelta(seconds=90)        # Drive's version is what it was then; Sheets' answers are new
        sheet.add_named_range("name", "Hands!C1:C"); sheet.named_ranges   # {name: A1 text}

Looking without the API: ``sheet.version``, ``.modified_at``, ``.titles``, ``.shown("Hands")`` (rows of text),
``.stored("Hands")`` (rows of values and "=..." formulas), ``.fingerprint()`` (everything people see, to prove that
nothing was touched).

At one exact moment, once, just before the next matching request is carried out::

        google.before_write(lambda: sheet.sort("Hands", "A"))   # spreadsheet writes
        google.before_read(lambda: ..., kind="values.batchGet") # or of one kind only

Faults (``faults.py``), for any request, the token endpoint and Drive included::

        google.fail_next(faults.refuse_rate(retry_after=7), faults.refuse_rate(), faults.broken(503, html=True))
        google.fail_next(faults.HANG, faults.RESET, faults.TRUNCATE, faults.GARBAGE, kind="drive.list")
        google.fail_next(faults.DEAD_TOKEN, faults.API_DISABLED, faults.SUSPENDED, faults.DOMAIN_POLICY)
        google.fail_next(faults.quoted(400, "Whatever Google says.", "REASON"))
        google.fail_next(faults.RESET.after_execution())        # done, but the client never hears of it
        google.fault_source = faults.random_storm(seed=1, share=0.3)  # Callable[[Call], Fault | None]; or None
        google.revoke_tokens()                                  # every current token is dead; new ones can be had

What was called: ``google.calls`` is a list of ``Call(method, kind, status, at, spreadsheet_id, fault)``; status 0 means
that no answer was sent. ``google.count()`` all, ``google.count("values.batchGet")``, ``google.forget_calls()``. Kinds:
token, spreadsheets.get, spreadsheets.batchUpdate, values.get, values.update, values.batchGet, values.batchUpdate,
drive.list, drive.get.

A plain gspread client of it: ``with client.connect(google, account) as gc:``. By hand:
``python -m pokervod_pipelines_tests.google``, whose control API stands in ``control.py``.
"""
