# SPDX-License-Identifier: GPL-2.0-only
# Reads what `each` printed; keeps each test's output in DIR/NAME.log; prints for each test
#	NAME PASSED FAILED SKIPPED MILLISECONDS REASON...
# A result is a point at the left margin; subtests are indented and belong to theirs. Whatever makes a test as a whole
# not credible (its plan, status, time or kernel) counts as one failure more. The status "cut" is that of a test which was
# stopped because no time was left: what it did not come to is skipped.

function reset() {
	passed = failed = skipped = results = 0
	plan = -1
	reason = ""
	kernel = 0
}

function row(ms) {
	print name, passed, failed, skipped, ms, reason
	close(file)
	name = ""
}

function fail(why) {
	failed++
	reason = reason (reason ? "; " : "") why
}

function judge(status) {
	if (status == "cut") {
		skipped++
		reason = "stopped, no time was left"
		plan = results
		status = 4
	} else if (status == 124 || status == 137)
		fail("out of time")
	else if (status == 4 && !failed && !passed) {
		if (!skipped)
			skipped = 1
	} else if (status != 0 && !failed)
		fail("exit status " status)
	else if (status == 0 && failed)
		reason = "exit status 0 though points failed"
	if (plan < 0 && status != 4)
		fail("no plan")
	else if (plan >= 0 && plan != results)
		fail("planned " plan ", gave " results " results")
	else if (plan == 0 && status != 4)
		fail("no results")
	if (kernel)
		fail("the kernel complained")
}

/^@@ begin / { name = $3; file = dir "/" name ".log"; printf "" >file; reset(); next }
!name { next }
/^@@ kernel/ { kernel = 1; print "# the kernel complained:" >file; next }
/^@@ end / && $3 == name { judge($4); row($5); next }

{ sub(/\r$/, ""); print >file }
/^1\.\.[0-9]+/ {
	plan = substr($1, 4) + 0
	if (plan == 0 && match($0, /# *SKIP */))
		reason = substr($0, RSTART + RLENGTH)
}
/^ok/ { results++; if ($0 ~ /# *(SKIP|TODO|XFAIL)/) skipped++; else passed++ }
/^not ok/ { results++; if ($0 ~ /# *(TODO|XFAIL)/) skipped++; else failed++ }

END { if (name) { fail("the run ended during the test"); row(0) } }
