// SPDX-License-Identifier: Apache-2.0

package httpcache_test

import (
	"fmt"
	"strings"
)

var freshnessCases = []conformanceCase{
	reuse("freshness-none", both, notCached),
	reuse("freshness-max-age", both, cached, "Cache-Control: max-age=3600"),
	{"freshness-max-age-stale", both, []step{{answers: []string{"Cache-Control: max-age=2"}}, {pause: 3, want: notCached}}},
	reuse("freshness-max-age-0", both, notCached, "Cache-Control: max-age=0"),
	reuse("freshness-max-age-negative", both, notCached, "Cache-Control: max-age=-3600"),
	reuse("freshness-max-age-max", both, cached, "Cache-Control: max-age=2147483648"),
	reuse("freshness-max-age-max-plus", both, cached, "Cache-Control: max-age=99999999999"),
	reuse("freshness-max-age-max-minus-1", both, cached, "Cache-Control: max-age=2147483647"),
	reuse("freshness-max-age-age", both, notCached, "Date: @0", "Cache-Control: max-age=3600", "Age: 7200"),
	reuse("freshness-max-age-date", both, cached, "Date: @-1", "Cache-Control: max-age=3600"),
	reuse("freshness-max-age-expires", both, cached, "Cache-Control: max-age=3600", "Expires: @-7200", "Date: @0"),
	reuse("freshness-max-age-0-expires", both, notCached, "Expires: @3600", "Cache-Control: max-age=0", "Date: @0"),
	reuse("freshness-max-age-expires-invalid", both, cached, "Cache-Control: max-age=3600", "Expires: 0", "Date: @0"),
	reuse("freshness-max-age-extension", both, cached, "Cache-Control: foobar, max-age=3600"),
	reuse("freshness-max-age-case-insenstive", both, cached, "Cache-Control: MaX-aGe=3600"),
	reuse("freshness-max-age-s-maxage-private", privateOnly, notCached, "Cache-Control: s-maxage=3600, max-age=1"),
	reuse("freshness-max-age-s-maxage-private-multiple", privateOnly, notCached, "Cache-Control: s-maxage=3600", "Cache-Control: max-age=1"),
	reuse("freshness-s-maxage-shared", sharedOnly, cached, "Cache-Control: s-maxage=3600"),
	reuse("freshness-max-age-s-maxage-shared-longer", sharedOnly, notCached, "Cache-Control: max-age=3600, s-maxage=1"),
	reuse("freshness-max-age-s-maxage-shared-longer-reversed", sharedOnly, notCached, "Cache-Control: s-maxage=1, max-age=3600"),
	reuse("freshness-max-age-s-maxage-shared-longer-multiple", sharedOnly, notCached, "Cache-Control: max-age=3600", "Cache-Control: s-maxage=1"),
	reuse("freshness-max-age-s-maxage-shared-shorter", sharedOnly, cached, "Cache-Control: max-age=1, s-maxage=3600"),
	reuse("freshness-max-age-s-maxage-shared-shorter-expires", sharedOnly, cached, "Cache-Control: max-age=1, s-maxage=3600", "Expires: @10", "Date: @0"),
}

var parsingCases = []conformanceCase{
	reuse("freshness-max-age-two-fresh-stale-sameline", both, notCached, "Cache-Control: max-age=1800, max-age=1"),
	reuse("freshness-max-age-two-fresh-stale-sepline", both, notCached, "Cache-Control: max-age=1800", "Cache-Control: max-age=1"),
	reuse("freshness-max-age-two-stale-fresh-sameline", both, notCached, "Cache-Control: max-age=1, max-age=1800"),
	reuse("freshness-max-age-two-stale-fresh-sepline", both, notCached, "Cache-Control: max-age=1", "Cache-Control: max-age=1800"),
	reuse("freshness-max-age-ignore-quoted", both, notCached, `Cache-Control: extension="max-age=3600", max-age=1`),
	reuse("freshness-max-age-ignore-quoted-rev", both, notCached, `Cache-Control: max-age=1, extension="max-age=3600"`),
	reuse("freshness-max-age-ignore-quoted-all", both, notCached, `Cache-Control: extension="max-age=100, \"max-age=100", max-age="1"`),
	reuse("freshness-max-age-quoted", both, cached, `Cache-Control: max-age="3600"`),
	reuse("freshness-max-age-space-before-equals", both, notCached, "Cache-Control: max-age =3600"),
	reuse("freshness-max-age-space-after-equals", both, notCached, "Cache-Control: max-age= 3600"),
	reuse("freshness-max-age-leading-zero", both, cached, "Cache-Control: max-age=003600"),
	reuse("freshness-max-age-single-quoted", both, notCached, "Cache-Control: max-age='3600'"),
	reuse("freshness-max-age-decimal-zero", both, notCached, "Cache-Control: max-age=3600.0"),
	reuse("freshness-max-age-decimal-five", both, notCached, "Cache-Control: max-age=3600.5"),
	reuse("freshness-max-age-a100", both, notCached, "Cache-Control: max-age=a3600"),
	reuse("freshness-max-age-100a", both, notCached, "Cache-Control: max-age=3600a"),
}

var ageCases = []conformanceCase{
	reuse("age-parse-nonnumeric", both, cached, "Date: @0", "Cache-Control: max-age=3600", "Age: abc"),
	reuse("age-parse-negative", both, cached, "Date: @0", "Cache-Control: max-age=3600", "Age: -7200"),
	reuse("age-parse-float", both, cached, "Date: @0", "Cache-Control: max-age=3600", "Age: 7200.0"),
	reuse("age-parse-large-minus-one", both, notCached, "Date: @0", "Cache-Control: max-age=3600", "Age: 2147483647"),
	reuse("age-parse-larger", both, notCached, "Date: @0", "Cache-Control: max-age=3600", "Age: 2147483649"),
	reuse("age-parse-suffix", both, notCached, "Date: @0", "Cache-Control: max-age=3600", "Age: 7200,0"),
	reuse("age-parse-suffix-twoline", both, notCached, "Date: @0", "Cache-Control: max-age=3600", "Age: 7200", "Age: 0"),
	reuse("age-parse-prefix", both, cached, "Date: @0", "Cache-Control: max-age=3600", "Age: 0,7200"),
	reuse("age-parse-prefix-twoline", both, cached, "Date: @0", "Cache-Control: max-age=3600", "Age: 0", "Age: 7200"),
	reuse("age-parse-dup-0", both, cached, "Date: @0", "Cache-Control: max-age=3600", "Age: 0, 0"),
	reuse("age-parse-dup-0-twoline", both, cached, "Date: @0", "Cache-Control: max-age=3600", "Age: 0", "Age: 0"),
	reuse("age-parse-dup-old", both, notCached, "Date: @0", "Cache-Control: max-age=3600", "Age: 7200, 7200"),
	reuse("age-parse-dup-old-twoline", both, notCached, "Date: @0", "Cache-Control: max-age=3600", "Age: 7200", "Age: 7200"),
}

var expiresCases = []conformanceCase{
	reuse("freshness-expires-future", both, cached, "Expires: @2592000", "Date: @0"),
	reuse("freshness-expires-past", both, notCached, "Expires: @-2592000", "Date: @0"),
	reuse("freshness-expires-present", both, notCached, "Expires: @0", "Date: @0"),
	reuse("freshness-expires-old-date", both, notCached, "Expires: @300", "Date: @400"),
	reuse("freshness-expires-invalid", both, notCached, "Expires: 0", "Date: @0"),
	at("freshness-expires-invalid-date", both, cached, "Date: foo", "Expires: @10"),
	at("freshness-expires-age-slow-date", both, notCached, "Date: @-10", "Expires: @10", "Age: 25"),
	at("freshness-expires-age-fast-date", both, notCached, "Date: @10", "Expires: @20", "Age: 15"),
	reuse("freshness-expires-32bit", both, cached, "Expires: Sat, 19 Jan 2038 03:14:08 GMT", "Date: @0"),
	reuse("freshness-expires-far-future", both, cached, "Expires: Fri, 01 Jan 2500 00:00:00 GMT", "Date: @0"),
	reuse("freshness-expires-rfc850", both, cached, "Expires: Thursday, 18-Aug-50 02:01:18 GMT", "Date: @0"),
	reuse("freshness-expires-ansi-c", both, cached, "Expires: Thu Aug 18 02:01:18 2050", "Date: @0"),
	reuse("freshness-expires-wrong-case-weekday", both, cached, "Expires: THU, 18 Aug 2050 02:01:18 GMT", "Date: @0"),
	reuse("freshness-expires-wrong-case-month", both, cached, "Expires: Thu, 18 AUG 2050 02:01:18 GMT", "Date: @0"),
	reuse("freshness-expires-invalid-utc", both, notCached, "Expires: Thu, 18 Aug 2050 02:01:18 UTC", "Date: @0"),
	reuse("freshness-expires-invalid-2-digit-year", both, notCached, "Expires: Thu, 18 Aug 50 02:01:18 GMT", "Date: @0"),
	reuse("freshness-expires-invalid-no-comma", both, notCached, "Expires: Thu 18 Aug 2050 02:01:18 GMT", "Date: @0"),
	reuse("freshness-expires-invalid-date-dashes", both, notCached, "Expires: Thu, 18-Aug-2050 02:01:18 GMT", "Date: @0"),
	reuse("freshness-expires-invalid-time-periods", both, notCached, "Expires: Thu, 18 Aug 2050 02.01.18 GMT", "Date: @0"),
}

var responseCases = []conformanceCase{
	at("cc-resp-private-shared", sharedOnly, notCached, "Cache-Control: private, max-age=3600"),
	at("cc-resp-private-private", privateOnly, cached, "Cache-Control: private, max-age=3600"),
	at("cc-resp-no-store", both, notCached, "Cache-Control: no-store"),
	at("cc-resp-no-store-case-insensitive", both, notCached, "Cache-Control: No-StOrE"),
	at("cc-resp-no-store-fresh", both, notCached, "Cache-Control: max-age=10000, no-store", "Expires: @10000", "Date: @0"),
	at("cc-resp-no-cache", both, notCached, "Cache-Control: max-age=10000, no-cache", "Expires: @10000", "Date: @0"),
	at("cc-resp-no-cache-case-insensitive", both, notCached, "Cache-Control: max-age=10000, No-CaChE", "Expires: @10000", "Date: @0"),
	at("cc-resp-no-cache-revalidate", both, validated, "Cache-Control: no-cache", `ETag: "abcd"`),
	at("cc-resp-no-cache-revalidate-fresh", both, validated, "Cache-Control: max-age=10000, no-cache", "Expires: @10000", "Date: @0", `ETag: "abcd"`),
	at("cc-resp-must-revalidate-fresh", both, cached, "Cache-Control: max-age=10000, must-revalidate", `ETag: "abcd"`),
	{"cc-resp-must-revalidate-stale", both, []step{
		{answers: []string{"Cache-Control: max-age=2, must-revalidate", `ETag: "abcd"`}}, {want: cached}, {pause: 3, want: validated},
	}},
	{"headers-omit-headers-listed-in-Cache-Control-no-cache-single", both, []step{
		{answers: []string{`Cache-Control: no-cache="a"`, "A: 1", "B: 2", "Cache-Control: max-age=3600", "Date: @0"}},
		{pause: 3, want: cached, has: []string{"B: 2"}, lacks: []string{"A"}},
	}},
	{"headers-omit-headers-listed-in-Cache-Control-no-cache", both, []step{
		{answers: []string{`Cache-Control: no-cache="a, b"`, "A: 1", "B: 2", "C: 3", "Cache-Control: max-age=3600", "Date: @0"}},
		{pause: 3, want: cached, has: []string{"C: 3"}, lacks: []string{"A", "B"}},
	}},
	{"headers-omit-headers-listed-in-Cache-Control-private", sharedOnly, []step{
		{answers: []string{`Cache-Control: private="a"`, "A: 1", "C: 3", "Cache-Control: max-age=3600", "Date: @0"}},
		{want: cached, has: []string{"C: 3"}, lacks: []string{"A"}},
	}},
	{"headers-omit-headers-listed-in-Connection", both, []step{
		{answers: []string{"Connection: a, b", "A: 1", "B: 2", "C: 3", "Cache-Control: max-age=3600", "Date: @0"}},
		{pause: 3, want: cached, has: []string{"C: 3"}, lacks: []string{"Connection", "A", "B"}},
	}},
	{"headers-store-hop-by-hop", both, []step{
		{answers: []string{"Keep-Alive: a", "Proxy-Authenticate: a", "Proxy-Connection: a", "Te: a", "Transfer-Encoding: a", "Upgrade: a", "X-Frame-Options: deny", "Cache-Control: max-age=3600"}},
		{want: cached, has: []string{"X-Frame-Options: deny"}, lacks: []string{"Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "Te", "Transfer-Encoding", "Upgrade"}},
	}},
	{"cc-resp-no-store-old-new", both, []step{ // a newer response takes the place of an older one, and is not stored
		{answers: []string{"Cache-Control: max-age=2"}}, {pause: 3, answers: []string{"Cache-Control: no-store"}, want: notCached}, {want: notCached},
	}},
	at("cc-resp-must-understand", both, cached, "Cache-Control: no-store, must-understand, max-age=3600"),
}

var fresh = []string{"Expires: @100000", "Cache-Control: max-age=100000", "Last-Modified: @-100000", "Date: @0"}

var requestCases = []conformanceCase{
	{"ccreq-ma0", both, []step{{answers: fresh}, {pause: 3, asks: []string{"Cache-Control: max-age=0"}, want: notCached}}},
	{"ccreq-ma1", both, []step{{answers: fresh}, {pause: 3, asks: []string{"Cache-Control: max-age=1"}, want: notCached}}},
	{"ccreq-magreaterage", both, []step{
		{answers: []string{"Cache-Control: max-age=3600", "Age: 1800"}}, {asks: []string{"Cache-Control: max-age=600"}, want: notCached},
	}},
	{"ccreq-max-stale", both, []step{
		{answers: []string{"Cache-Control: max-age=1", `ETag: "a"`}}, {pause: 3, asks: []string{"Cache-Control: max-stale=1000"}, want: cached},
	}},
	{"ccreq-max-stale-age", both, []step{
		{answers: []string{"Cache-Control: max-age=1500", "Age: 2000", `ETag: "a"`}}, {asks: []string{"Cache-Control: max-stale=1000"}, want: cached},
	}},
	{"ccreq-max-stale-any", both, []step{
		{answers: []string{"Cache-Control: max-age=1", `ETag: "a"`}}, {pause: 10000, asks: []string{"Cache-Control: max-stale"}, want: cached},
	}},
	{"ccreq-min-fresh", both, []step{
		{answers: []string{"Cache-Control: max-age=1500"}}, {asks: []string{"Cache-Control: min-fresh=2000"}, want: notCached},
	}},
	{"ccreq-min-fresh-age", both, []step{
		{answers: []string{"Cache-Control: max-age=1500", "Age: 1000"}}, {asks: []string{"Cache-Control: min-fresh=1000"}, want: notCached},
	}},
	{"ccreq-no-cache", both, []step{{answers: []string{"Cache-Control: max-age=3600"}}, {asks: []string{"Cache-Control: no-cache"}, want: notCached}}},
	{"ccreq-no-cache-lm", both, []step{
		{answers: []string{"Cache-Control: max-age=3600", "Last-Modified: @-10000", "Date: @0"}}, {asks: []string{"Cache-Control: no-cache"}, want: validated},
	}},
	{"ccreq-no-cache-etag", both, []step{
		{answers: []string{"Cache-Control: max-age=3600", `ETag: "abc"`}}, {asks: []string{"Cache-Control: no-cache"}, want: validated},
	}},
	{"ccreq-no-store", both, []step{{answers: []string{"Cache-Control: max-age=3600"}}, {asks: []string{"Cache-Control: no-store"}, want: notCached}}},
	{"ccreq-oic", both, []step{{asks: []string{"Cache-Control: only-if-cached"}, want: cached, has: nil}}},
	{"pragma-request-no-cache", both, []step{{answers: []string{"Cache-Control: max-age=3600"}}, {asks: []string{"Pragma: no-cache"}, want: notCached}}},
	{"pragma-request-extension", sharedOnly, []step{{answers: []string{"Cache-Control: max-age=3600"}}, {asks: []string{"Pragma: other"}, want: cached}}},
	at("pragma-response-no-cache", both, cached, "Cache-Control: max-age=3600", "Pragma: no-cache"),
	at("pragma-response-no-cache-heuristic", both, cached, "Last-Modified: @-10000", "Pragma: no-cache"),
	at("pragma-response-extension", both, cached, "Cache-Control: max-age=3600", "Pragma: other"),
}

// prohibited is a case of a stale response that must not take the place of a
// failure.
func prohibited(directive string, m mode) conformanceCase {
	return conformanceCase{"stale-close-" + directive, m, []step{
		{answers: []string{"Cache-Control: max-age=2, stale-if-error=60, " + directive, `ETag: "a"`}}, {pause: 3, status: -1, want: failing},
	}}
}

var staleCases = []conformanceCase{
	{"stale-close", both, []step{{answers: []string{"Cache-Control: max-age=2", `ETag: "a"`}}, {pause: 3, status: -1, want: failing}}},
	{"stale-503", both, []step{{answers: []string{"Cache-Control: max-age=2", `ETag: "a"`}}, {pause: 3, status: 503, want: failing}}},
	{"stale-sie-close", both, []step{{answers: []string{"Cache-Control: max-age=2, stale-if-error=60"}}, {pause: 3, status: -1, want: validated}}},
	{"stale-sie-503", both, []step{{answers: []string{"Cache-Control: max-age=2, stale-if-error=60"}}, {pause: 3, status: 503, want: validated}}},
	{"stale-sie-404", both, []step{{answers: []string{"Cache-Control: max-age=2, stale-if-error=60"}}, {pause: 3, status: 404, want: failing}}},
	prohibited("must-revalidate", both),
	prohibited("no-cache", both),
	prohibited("proxy-revalidate", sharedOnly),
	prohibited("s-maxage=2", sharedOnly),
	{"stale-if-error-cc-response", both, []step{{answers: []string{"Cache-Control: max-age=0, stale-if-error=3600"}}, {status: 500, want: validated}}},
	{"stale-if-error-cc-response-expired", both, []step{{answers: []string{"Cache-Control: max-age=0, stale-if-error=1"}}, {pause: 3, status: 500, want: failing}}},
	{"stale-if-error-cc-request", both, []step{
		{answers: []string{"Cache-Control: max-age=0", `ETag: "a"`}}, {asks: []string{"Cache-Control: stale-if-error=3600"}, status: 500, want: validated},
	}},
	{"stale-if-error-cc-request-expired", both, []step{
		{answers: []string{"Cache-Control: max-age=0", `ETag: "a"`}}, {pause: 3, asks: []string{"Cache-Control: stale-if-error=1"}, status: 500, want: failing},
	}},
}

var validationCases = []conformanceCase{
	{"conditional-etag-strong-generate", both, []step{
		{answers: []string{"Cache-Control: max-age=2", `ETag: "abcdef"`}}, {pause: 3, want: validated, sends: []string{`If-None-Match: "abcdef"`}},
	}},
	{"conditional-etag-weak-generate-weak", both, []step{
		{answers: []string{"Cache-Control: max-age=2", `ETag: W/"abcdef"`}}, {pause: 3, want: validated, sends: []string{`If-None-Match: W/"abcdef"`}},
	}},
	{"conditional-etag-strong-generate-unquoted", both, []step{
		{answers: []string{"Cache-Control: max-age=2", `ETag: abcdef`}}, {pause: 3, want: validated, sends: []string{`If-None-Match: abcdef`}},
	}},
	{"conditional-etag-vary-headers", both, []step{
		{asks: []string{"Abc: 123"}, answers: []string{"Expires: @1", `ETag: "abcdef"`, "Date: @0", "Vary: Abc"}},
		{pause: 3, asks: []string{"Abc: 123"}, want: validated, sends: []string{"Abc: 123", `If-None-Match: "abcdef"`}},
	}},
	{"conditional-etag-vary-headers-mismatch", both, []step{
		{asks: []string{"Abc: 123"}, answers: []string{"Expires: @10000", `ETag: "abcdef"`, "Date: @0", "Vary: Abc"}},
		{pause: 3, asks: []string{"Abc: 456"}, want: notCached, sends: []string{"If-None-Match: "}},
	}},
	{"conditional-etag-forward", both, []step{{asks: []string{`If-None-Match: "a"`}, want: notCached, sends: []string{`If-None-Match: "a"`}}}},
	{"conditional-lm-stale", both, []step{
		{answers: []string{"Cache-Control: max-age=2", "Last-Modified: @-3000", "Date: @0"}}, {pause: 3, want: validated},
	}},
	{"partial-store-partial-reuse-partial", both, []step{ // parts are not stored
		{asks: []string{"Range: bytes=-5"}, status: 206, answers: []string{"Cache-Control: max-age=3600", "Content-Range: bytes 4-9/10"}},
		{asks: []string{"Range: bytes=-5"}, status: 206, want: notCached, sends: []string{"Range: bytes=-5"}}, {want: notCached},
	}},
	{"partial-use-stored-headers", both, []step{{status: 206, answers: []string{"Cache-Control: max-age=3600"}}, {want: notCached}}},
}

func heuristicCases() []conformanceCase {
	var cases []conformanceCase
	for _, status := range []int{200, 203, 204, 404, 405, 410, 414} {
		cases = append(cases, heuristic(status, cached))
	}
	for _, status := range []int{201, 202, 403, 502, 503, 504, 599} {
		cases = append(cases, heuristic(status, notCached))
	}
	for delta, want := range map[int]expectation{5: notCached, 10: notCached, 60: cached, 3600: cached, 86400: cached} {
		cases = append(cases, reuse(fmt.Sprint("heuristic-delta-", delta), both, want, fmt.Sprint("Last-Modified: @-", delta), "Date: @0"))
	}
	public := []string{"Last-Modified: @-86400", "Date: @0", "Cache-Control: public"}
	return append(cases, conformanceCase{"heuristic-403-public", both, []step{{status: 403, answers: public}, {status: 403, want: cached}}})
}

func heuristic(status int, want expectation) conformanceCase {
	first := step{status: status, answers: []string{"Last-Modified: @-86400", "Date: @0"}}
	return conformanceCase{fmt.Sprint("heuristic-", status), both, []step{first, {status: status, want: want}}}
}

func statusCases() []conformanceCase {
	var cases []conformanceCase
	for status, isStored := range map[int]bool{
		200: true, 203: true, 204: true, 299: true, 400: true, 404: true, 410: true, 499: true,
		206: false, 401: false, 408: false, 429: false, 500: false, 502: false, 503: false, 504: false, 599: false,
	} {
		want := notCached
		if isStored {
			want = cached
		}
		first := step{status: status, answers: fresh}
		stale := step{status: status, answers: []string{"Expires: @-5000", "Last-Modified: @-100000", "Date: @0"}}
		cases = append(cases,
			conformanceCase{fmt.Sprintf("status-%d-fresh", status), both, []step{first, {status: status, want: want}}},
			conformanceCase{fmt.Sprintf("status-%d-stale", status), both, []step{stale, {status: status, want: notCached}}})
	}
	return cases
}

// authorized is a case of a shared cache: the first request has credentials, the
// second has none.
func authorized(id, credential string, want expectation, answers ...string) conformanceCase {
	return conformanceCase{id, sharedOnly, []step{{asks: []string{credential}, answers: answers, sends: []string{credential}}, {pause: 3, want: want}}}
}

var authorizationCases = []conformanceCase{
	authorized("other-authorization", "Authorization: FOO", notCached, "Expires: @2592000", "Date: @0"),
	authorized("other-authorization-public", "Authorization: FOO", cached, "Cache-Control: max-age=3600, public", "Date: @0"),
	authorized("other-authorization-must-revalidate", "Authorization: FOO", cached, "Cache-Control: max-age=3600, must-revalidate", "Date: @0"),
	authorized("other-authorization-smaxage", "Authorization: FOO", cached, "Cache-Control: s-maxage=3600", "Date: @0"),
	authorized("api key", "X-Api-Key: FOO", notCached, "Cache-Control: max-age=3600"),
	authorized("cookie", "Cookie: a=b", notCached, "Cache-Control: max-age=3600"),
	{"other-cookie", sharedOnly, []step{{answers: []string{"Cache-Control: max-age=3600"}}, {asks: []string{"Cookie: a=b"}, want: cached}}},
	at("other-set-cookie", privateOnly, cached, "Cache-Control: max-age=3600", "Set-Cookie: a=b"),
	at("set-cookie", sharedOnly, notCached, "Cache-Control: max-age=3600", "Set-Cookie: a=b"),
	{"set-cookie-404", sharedOnly, []step{
		{status: 404, answers: []string{"Cache-Control: max-age=3600", "Set-Cookie: a=b"}}, {status: 404, want: notCached},
	}},
	at("set-cookie-public", sharedOnly, cached, "Cache-Control: max-age=3600, public", "Set-Cookie: a=b"),
}

// varied is a case of two requests; the headers of a request are separated by |.
func varied(id string, m mode, vary, first, second string, want expectation) conformanceCase {
	answers := []string{"Cache-Control: max-age=5000", "Last-Modified: @-3000", "Date: @0"}
	for line := range strings.SplitSeq(vary, "|") {
		answers = append(answers, "Vary: "+line)
	}
	return conformanceCase{id, m, []step{{asks: split(first), answers: answers}, {asks: split(second), want: want}}}
}

func split(headers string) []string {
	if headers == "" {
		return nil
	}
	return strings.Split(headers, "|")
}

var varyCases = []conformanceCase{
	varied("vary-match", both, "Foo", "Foo: 1", "Foo: 1", cached),
	varied("vary-no-match", both, "Foo", "Foo: 1", "Foo: 2", notCached),
	varied("vary-omit", both, "Foo", "Foo: 1", "", notCached),
	varied("vary-omit-stored", both, "Foo", "", "Foo: 1", notCached),
	varied("vary-empty-or-none", both, "Foo", "", "Foo: ", notCached),
	varied("vary-cache-key", sharedOnly, "Foo", "Foo: 1|Other: 2", "Foo: 1|Other: 3", cached),
	varied("vary-cache-key of a private cache", privateOnly, "Foo", "Foo: 1|Other: 2", "Foo: 1|Other: 3", notCached),
	varied("vary-2-match", both, "Foo, Bar", "Foo: 1|Bar: abc", "Foo: 1|Bar: abc", cached),
	varied("vary-2-no-match", both, "Foo, Bar", "Foo: 1|Bar: abc", "Foo: 2|Bar: abc", notCached),
	varied("vary-2-match-omit", both, "Foo, Bar", "Foo: 1", "", notCached),
	varied("vary-3-match", both, "Foo, Bar|Baz", "Foo: 1|Bar: abc|Baz: 789", "Foo: 1|Bar: abc|Baz: 789", cached),
	varied("vary-3-no-match", both, "Foo|Bar|Baz", "Foo: 1|Bar: abc|Baz: 789", "Foo: 2|Bar: abc|Baz: 789", notCached),
	varied("vary-3-order", both, "Foo, Bar, Baz", "Foo: 1|Bar: abc4|Baz: 789", "Foo: 1|Bar: abc|Baz: 789", notCached),
	varied("vary-3-omit", both, "Foo, Bar, Baz", "Foo: 1|Baz: 789", "Foo: 1|Baz: 789", cached),
	varied("vary-normalise-space", sharedOnly, "Foo", "Foo: 1,2", "Foo:  1,  2 ", cached),
	varied("vary-normalise-combine", sharedOnly, "Foo", "Foo: 1, 2", "Foo: 1|Foo: 2", cached),
	varied("vary-syntax-star", both, "*", "Foo: 1", "Foo: 1", notCached),
	varied("vary-syntax-star-star", both, "*, *", "Foo: 1", "Foo: 1", notCached),
	varied("vary-syntax-star-star-lines", both, "*|*", "Foo: 1", "Foo: 1", notCached),
	varied("vary-syntax-empty-star", both, ", *", "Foo: 1", "Foo: 1", notCached),
	varied("vary-syntax-empty-star-lines", both, "|*", "Foo: 1", "Foo: 1", notCached),
	varied("vary-syntax-star-foo", both, "*, Foo", "Foo: 1", "Foo: 1", notCached),
	varied("vary-syntax-foo-star", both, "Foo, *", "Foo: 1", "Foo: 1", notCached),
	{"vary-invalidate", sharedOnly, []step{
		{asks: []string{"Foo: 1"}, answers: []string{"Cache-Control: max-age=5000", "Vary: Foo"}},
		{asks: []string{"Foo: 2"}, answers: []string{"Cache-Control: max-age=5000", "Vary: Foo"}, want: notCached},
		{asks: []string{"Foo: 1"}, answers: nil, want: cachedFirst},
	}},
}

func updateCases() []conformanceCase {
	cases := []conformanceCase{{"304-lm-use-stored-Test-Header", both, []step{
		{answers: []string{"Cache-Control: max-age=1", "Last-Modified: Fri, 01 Jan 1999 00:00:00 GMT", "Date: @0", "Test-Header: A"}},
		{pause: 3, answers: []string{"Cache-Control: max-age=3600", "Last-Modified: Fri, 01 Jan 1999 00:00:00 GMT", "Date: @0"}, want: validated, has: []string{"Test-Header: A"}},
	}}}
	for _, h := range [][3]string{
		{"Test-Header", "A", "B"}, {"X-Test-Header", "A", "B"}, {"Content-Foo", "A", "B"}, {"X-Content-Foo", "A", "B"},
		{"Content-Type", "text/plain", "text/plain;charset=utf-8"}, {"Content-Location", "/foo", "/bar"},
		{"Content-Security-Policy", "default-src 'self'", "default-src 'self' cdn.example.com"}, {"X-Frame-Options", "deny", "sameorigin"},
		{"Expires", "Fri, 01 Jan 2038 01:01:01 GMT", "Mon, 11 Jan 2038 11:11:11 GMT"},
	} {
		for id, validator := range map[string]string{"lm": "Last-Modified: Fri, 01 Jan 1999 00:00:00 GMT", "etag": `Etag: "a"`} {
			first := []string{"Cache-Control: max-age=1", "Date: @0", validator, h[0] + ": " + h[1]}
			second := []string{"Cache-Control: max-age=3600", "Date: @0", validator, h[0] + ": " + h[2]}
			cases = append(cases, conformanceCase{"304-" + id + "-update-" + h[0], both, []step{
				{answers: first}, {pause: 3, answers: second, want: validated, has: []string{h[0] + ": " + h[2]}},
				{pause: 3, want: cached, has: []string{h[0] + ": " + h[2], "Cache-Control: max-age=3600"}},
			}})
		}
	}
	return append(cases, conformanceCase{"304-etag-no-update-Content-Length", both, []step{
		{answers: []string{"Cache-Control: max-age=1", `ETag: "a"`, "Content-Length: 1", "Content-Encoding: identity"}},
		{pause: 3, answers: []string{"Cache-Control: max-age=3600", `ETag: "a"`, "Content-Length: 10", "Content-Encoding: other", "Transfer-Encoding: x"}, want: validated,
			has: []string{"Content-Length: 1", "Content-Encoding: identity"}, lacks: []string{"Transfer-Encoding"}},
	}})
}

var otherCases = []conformanceCase{
	{"other-age-gen", both, []step{{answers: []string{"Expires: @2592000", "Date: @0"}}, {pause: 3, want: cached, has: []string{"Age: 3"}}}},
	{"other-age-update-expires", both, []step{{answers: []string{"Expires: @2592000", "Date: @0", "Age: 30"}}, {pause: 3, want: cached, has: []string{"Age: 33"}}}},
	{"other-age-update-max-age", both, []step{{answers: []string{"Cache-Control: max-age=600", "Date: @0", "Age: 30"}}, {pause: 3, want: cached, has: []string{"Age: 33"}}}},
	{"other-age-slow-date", both, []step{{answers: []string{"Cache-Control: max-age=600", "Date: @-10"}}, {pause: 3, want: cached, has: []string{"Age: 13"}}}},
	{"other-date-update", both, []step{{answers: []string{"Expires: @2592000", "Date: Sat, 01 Jan 2000 00:00:00 GMT"}}, {pause: 3, want: cached, has: []string{"Date: Sat, 01 Jan 2000 00:00:00 GMT"}}}},
	{"query-args-different", both, []step{{link: "/api/{}/x?test=1", answers: fresh}, {link: "/api/{}/x?test=2", want: notCached}}},
	{"query-args-same", both, []step{{link: "/api/{}/x?test=1", answers: fresh}, {link: "/api/{}/x?test=1", want: cached}}},
	{"path-different", both, []step{{link: "/api/{}/a%2Fb", answers: fresh}, {link: "/api/{}/a/b", want: notCached}}},
	at("other-heuristic-content-disposition-attachment", both, cached, "Last-Modified: @-100000", "Date: @0", "Content-Disposition: attachment; filename=example.txt"),
	at("other-fresh-content-disposition-attachment", both, cached, "Cache-Control: max-age=3600", "Content-Disposition: attachment; filename=example.txt"),
}

func invalidationCases() []conformanceCase {
	var cases []conformanceCase
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		cases = append(cases,
			conformanceCase{"invalidate-" + method, both, []step{{answers: fresh}, {method: method}, {want: notCached}}},
			conformanceCase{"invalidate-" + method + "-failed", both, []step{{answers: fresh}, {method: method, status: 500}, {want: cached}}},
			conformanceCase{"invalidate-" + method + "-broken", both, []step{{answers: fresh}, {method: method, status: -1}, {want: notCached}}},
			conformanceCase{"invalidate-" + method + "-other", both, []step{{link: "/api/{}/x", answers: fresh}, {method: method}, {link: "/api/{}/x", want: cached}}})
		for _, header := range []string{"Location", "Content-Location"} {
			for _, target := range []string{"{}/target?a=b", "/api/{}/target?a=b", "http://docs.invalid/api/{}/target?a=b"} {
				cases = append(cases, conformanceCase{"invalidate-" + method + "-" + header + "/" + strings.ReplaceAll(target, "/", "!"), both, []step{
					{link: "/api/{}/target?a=b", answers: fresh}, {method: method, answers: []string{header + ": " + target}}, {link: "/api/{}/target?a=b", want: notCached},
				}})
			}
		}
	}
	return append(cases, conformanceCase{"invalidate-HEAD", both, []step{{answers: fresh}, {method: "HEAD"}, {want: cached}}})
}
