// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"encoding/base64"
	"regexp"
	"strings"
)

var (
	// pem matches a block of RFC 7468 or of OpenPGP, up to its end if it has
	// one.
	pem = regexp.MustCompile(`(?s)----(?:-| )BEGIN ([A-Z0-9 ]+?) ?-----?.*?(?:-----?(?: ?END) [A-Z0-9 ]+-----?|\z)`)

	// webToken matches a JSON web token, or another text with the same
	// beginning.
	webToken = regexp.MustCompile(`\beyJ[\w-]{8,}(?:\.[\w-]*){0,4}`)

	// opaque matches the tokens of well-known services by their prefixes.
	opaque = regexp.MustCompile(`\b(?:` + strings.Join([]string{
		`(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}`,                                // AWS
		`gh[pousr]_\w{20,}`, `github_pat_\w{20,}`, `gl[a-z]{2,5}-[\w-]{20,}`, // GitHub, GitLab
		`xox[a-z]-[\w-]{10,}`, `xapp-[\w-]{10,}`, // Slack
		`[srp]k_(?:live|test)_\w{10,}`, `whsec_[\w+/=]{10,}`, // Stripe
		`sk-[\w-]{20,}`, `hf_[A-Za-z]{20,}`, // OpenAI, Hugging Face
		`AIza[\w-]{30,}`, `ya29\.[\w-]{10,}`, `GOCSPX-[\w-]{20,}`, // Google
		`SG\.[\w-]{16,}\.[\w-]{16,}`, `key-[0-9a-f]{32}`, // SendGrid, Mailgun
		`npm_\w{30,}`, `pypi-[\w-]{20,}`, `dckr_pat_[\w-]{20,}`, `rubygems_\w{30,}`, // registries
		`dop_v1_\w{20,}`, `hv[sbr]\.[\w-]{20,}`, `shp(?:at|ca|pa|ss)_\w{20,}`, // DigitalOcean, Vault, Shopify
		`AGE-SECRET-KEY-1\w{20,}`, `ATATT\w{20,}[\w=-]*`, // age, Atlassian
	}, "|") + `)`)

	// hooks match URLs whose path is secret.
	hooks = regexp.MustCompile(`(hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/|` +
		`\.webhook\.office\.com/|api\.telegram\.org/bot)[\w/:@%.-]+`)

	// longRun matches what may be random text in base64.
	longRun = regexp.MustCompile(`[\w+/-]{32,}={0,2}`)
)

// withoutTokens hides secrets that are recognized by their form alone.
func withoutTokens(text string, hasRun bool) string {
	if !strings.Contains(text, "BEGIN ") {
		return withoutMarked(text, hasRun)
	}
	var b strings.Builder
	end := 0
	for _, at := range pem.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(withoutMarked(text[end:at[0]], hasRun))
		if isPublic(text[at[2]:at[3]]) {
			b.WriteString(text[at[0]:at[1]])
		} else {
			b.WriteString(Hidden)
		}
		end = at[1]
	}
	return b.String() + withoutMarked(text[end:], hasRun)
}

// isPublic reports whether the content of a PEM block with a label may be
// shown.
func isPublic(label string) bool {
	return strings.Contains(label, "CERTIFICATE") || strings.HasSuffix(label, "PARAMETERS") ||
		strings.HasSuffix(label, "PUBLIC KEY") || strings.HasSuffix(label, "PUBLIC KEY BLOCK")
}

// withoutMarked hides tokens with the prefix of a service, and text that looks
// random.
func withoutMarked(text string, hasRun bool) string {
	if strings.Contains(text, "eyJ") {
		text = webToken.ReplaceAllString(text, Hidden)
	}
	text = opaque.ReplaceAllString(text, Hidden)
	if strings.Contains(text, "hook") || strings.Contains(text, "telegram") {
		text = hooks.ReplaceAllString(text, "${1}"+Hidden)
	}
	if !hasRun {
		return text
	}
	return longRun.ReplaceAllStringFunc(text, func(run string) string {
		if isRandom(run) {
			return Hidden
		}
		return run
	})
}

// isRandom reports whether a long run of letters and digits looks like a key in
// base64: 40 characters like an AWS key, or upper case, lower case and digits
// that alternate more often than in names and paths. Hexadecimal digits do not
// count, because revisions and checksums use them.
func isRandom(run string) bool {
	var upper, lower, digits, changes int
	before := byte(0)
	for i := range len(run) {
		class := classOf(run[i])
		switch class {
		case 'A':
			upper++
		case 'a':
			lower++
		case '0':
			digits++
		}
		if i > 0 && class != before {
			changes++
		}
		before = class
	}
	if upper == 0 || lower == 0 || digits == 0 || run[0] == '/' {
		return false
	}
	isAWS := len(run) == 40 && !strings.ContainsAny(run, "-_=")
	return isAWS || digits >= 2 && 100*changes >= 45*len(run)
}

func classOf(c byte) byte {
	switch {
	case 'A' <= c && c <= 'Z':
		return 'A'
	case 'a' <= c && c <= 'z':
		return 'a'
	case '0' <= c && c <= '9':
		return '0'
	}
	return '-'
}

// credential matches an authentication scheme and the credentials after it.
// commandUser matches user and password of a command such as curl.
var (
	credential  = regexp.MustCompile(`(?i)\b(bearer|basic|token|apikey|api-key|negotiate|ntlm|dpop)( +)([\w.~+/:-]+=*)`)
	parameters  = regexp.MustCompile(`(?i)\b(digest|hawk|oauth|mac|aws4-hmac-sha256)( +)(\w+ *= *[^\r\n]+)`)
	named       = regexp.MustCompile(`(?i)\b(aws|hmac|sharedkey|sharedkeylite)( +)([\w.-]+:[\w+/=-]+)`)
	whole       = regexp.MustCompile(`(?i)^\s*(bearer|negotiate|ntlm|dpop|apikey|token)( +)(?:[^\s*$]|\$[^\s{])[^\s*]*\s*$`)
	commandUser = regexp.MustCompile(`(^|\s)((?:-u|--user|--proxy-user)[ =]|-u)([^\s:*]+:[^\s]+)`)
)

// schemes are the beginnings of the expressions above.
var schemes = words(`bearer basic token apikey api-key negotiate ntlm hmac sharedkey sharedkeylite dpop digest hawk oauth mac aws aws4-hmac-sha256 --user
	--proxy-user -u`)

// endsInScheme reports whether a text ends in an authentication scheme.
func endsInScheme(text string) bool {
	var stack [longestScheme]byte
	word := stack[:0]
	start := len(text)
	for start > 0 && len(text)-start < longestScheme && (isNameByte(text[start-1])) {
		start--
	}
	for _, c := range []byte(text[start:]) {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		word = append(word, c)
	}
	return schemes[string(word)]
}

const longestScheme = 20

// inProse are words that follow an authentication scheme in prose.
var inProse = words(`token tokens auth authentication authorization authorisation credential credentials scheme schemes header headers
	realm is was are and or not has must needs required missing expected invalid access format with without from for in to of of the a an error`)

// withoutCredentials hides the text after an authentication scheme.
func withoutCredentials(text string, isSetting bool) string {
	if isSetting {
		text = whole.ReplaceAllString(text, "${1}${2}"+Hidden)
	}
	text = parameters.ReplaceAllString(text, "${1}${2}"+Hidden)
	text = named.ReplaceAllString(text, "${1}${2}"+Hidden)
	text = commandUser.ReplaceAllString(text, "${1}${2}"+Hidden)
	return credential.ReplaceAllStringFunc(text, func(found string) string {
		parts := credential.FindStringSubmatch(found)
		scheme, value := strings.ToLower(parts[1]), parts[3]
		isSecret := looksLikeCredential(value)
		switch scheme {
		case "bearer":
			isSecret = len(value) >= 4 && !inProse[strings.ToLower(strings.Trim(value, ".:-"))]
		case "basic":
			isSecret = isSecret || isBasic(value)
		}
		if !isSecret {
			return found
		}
		return parts[1] + parts[2] + Hidden
	})
}

// isBasic reports whether a text is valid after the scheme Basic: user, colon
// and password in base64.
func isBasic(text string) bool {
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	return err == nil && strings.Contains(string(decoded), ":")
}

// looksLikeCredential reports whether a word is not prose: it has digits and
// letters, or upper case letters inside.
func looksLikeCredential(text string) bool {
	if len(text) < 6 {
		return false
	}
	hasDigit := strings.ContainsAny(text, "0123456789")
	hasLetter := strings.ContainsFunc(text, func(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' })
	hasInnerUpper := strings.ContainsFunc(text[1:], func(r rune) bool { return r >= 'A' && r <= 'Z' }) && strings.ToUpper(text) != text
	return hasLetter && hasDigit || hasInnerUpper || strings.HasSuffix(text, "=")
}
