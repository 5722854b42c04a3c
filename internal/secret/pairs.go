// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/pyfly-go/pyfly/internal/placeholder"
)

// pairs hides values with a secret name in these notations: name=value, name:
// value, "name":"value", <name>value</name>, --name value.
func (m masker) pairs(text string) string {
	var b strings.Builder
	end := 0 // of what has been copied
	for i := 0; i < len(text); i++ {
		p, isPair := pairAt(text, i)
		if !isPair || !m.mayHide(p.name) {
			continue
		}
		from, to := p.value(m.isSetting)
		if from < end || to <= from || !m.hides(p, text[from:to]) {
			continue
		}
		b.WriteString(text[end:from] + Hidden)
		end, i = to, to-1
	}
	if end == 0 {
		return text
	}
	return b.String() + text[end:]
}

// mayHide reports whether a name is secret in any notation.
func (m masker) mayHide(name string) bool {
	return name != "" && (holdsStem(name) || holdsWord(name) || holdsSigned(name) || m.isSecret(name))
}

// namedValue is a pair with explicit fields for name and value, as in
// environment variables of Kubernetes and settings of .NET. netrc is a login in
// a .netrc file.
var (
	namedValue = regexp.MustCompile(`(?i)\b(?:key|name)["']?\s*[:=]\s*["']?([\w.-]+)["']?,?\s*["']?value["']?\s*[:=]\s*(?:"([^"]*)"|'([^']*)'|([^\s"',}]+))`)
	netrc      = regexp.MustCompile(`(\blogin\s+\S+\s+password\s+)\S+`)
)

func withoutNamedValues(text string) string {
	if !strings.Contains(text, "alue") && !strings.Contains(text, "VALUE") {
		return text
	}
	var b strings.Builder
	end := 0
	for _, at := range namedValue.FindAllStringSubmatchIndex(text, -1) {
		for group := 4; group < len(at); group += 2 {
			if at[group] >= 0 && Name(text[at[2]:at[3]]) && !isNoSecret(text[at[group]:at[group+1]]) {
				b.WriteString(text[end:at[group]] + Hidden)
				end = at[group+1]
			}
		}
	}
	return b.String() + text[end:]
}

// notation is the notation of a pair.
type notation int

const (
	equals  notation = iota // name=value
	colon                   // name: value
	escaped                 // name%3Dvalue
	element                 // <name>value</name>
	option                  // --name value
)

// pair is a name and the beginning of a value in a text.
type pair struct {
	text     string
	notation notation
	name     string
	isQuoted bool
	before   int // the index of the name, with its quote
	after    int // the index of the value
}

// pairAt returns the pair whose separator is at an index.
func pairAt(text string, at int) (pair, bool) {
	switch text[at] {
	case '=':
		after := at + 1
		if strings.HasPrefix(text[after:], "=") || strings.HasPrefix(text[after:], ">") {
			after++
		}
		return namedAt(pair{text: text, notation: equals, after: after}, strings.TrimRight(text[:at], " \t:")), true
	case ':':
		if strings.HasPrefix(text[at:], "://") || strings.HasPrefix(text[at:], ":=") {
			return pair{}, false
		}
		return namedAt(pair{text: text, notation: colon, after: at + 1}, strings.TrimRight(text[:at], " \t")), true
	case '%':
		if len(text) < at+3 || text[at+1] != '3' || text[at+2]|0x20 != 'd' && text[at+2]|0x20 != 'a' {
			return pair{}, false
		}
		return namedAt(pair{text: text, notation: escaped, after: at + 3}, text[:at]), true
	case '>':
		return elementAt(text, at)
	case '-':
		return optionAt(text, at)
	}
	return pair{}, false
}

// entities are quotes in HTML.
var entities = [...]string{"&quot;", "&#34;"}

// maxName is the maximum length of a name.
const maxName = 128

// namedAt sets the name of p to the name at the end of head.
func namedAt(p pair, head string) pair {
	if rest := withoutQuote(head); rest != head {
		head, p.isQuoted = rest, true
	}
	start := len(head)
	for start > 0 && len(head)-start < maxName && isNameByte(head[start-1]) {
		start--
	}
	p.name, p.before = head[start:], start
	if p.isQuoted {
		p.before = len(withoutQuote(head[:start]))
	}
	return p
}

// withoutQuote removes one quote from the end of a text.
func withoutQuote(text string) string {
	for _, entity := range entities {
		if rest, ok := strings.CutSuffix(text, entity); ok {
			return rest
		}
	}
	if text != "" && isQuote(text[len(text)-1]) {
		return strings.TrimRight(text[:len(text)-1], `\`)
	}
	return text
}

// elementAt returns the XML element whose tag ends at an index.
func elementAt(text string, at int) (pair, bool) {
	start := strings.LastIndexByte(text[max(0, at-maxName):at], '<')
	if start < 0 {
		return pair{}, false
	}
	start += max(0, at-maxName)
	name, _, _ := strings.Cut(text[start+1:at], " ")
	return pair{text: text, notation: element, name: name, before: start, after: at + 1}, !strings.HasPrefix(name, "/")
}

// optionAt returns the command-line option that begins at an index and is
// followed by its value.
func optionAt(text string, at int) (pair, bool) {
	if !strings.HasPrefix(text[at:], "--") || at > 0 && !isSpace(text[at-1]) {
		return pair{}, false
	}
	end := at + len("--")
	for end < len(text) && isNameByte(text[end]) {
		end++
	}
	if end == len(text) || text[end] != ' ' || strings.HasPrefix(text[end:], " -") {
		return pair{}, false
	}
	return pair{text: text, notation: option, name: text[at+2 : end], before: at, after: end + 1}, true
}

// beforeName returns the byte before the name, or 0.
func (p *pair) beforeName() byte {
	if p.before == 0 {
		return 0
	}
	return p.text[p.before-1]
}

// inQuery reports whether the pair is a parameter of a URL or a form.
func (p *pair) inQuery() bool {
	if p.notation != equals || p.isQuoted {
		return false
	}
	switch p.beforeName() {
	case '?', '&', '#':
		return true
	case ';':
		return strings.Contains(p.text[max(0, p.before-maxFlow):p.before], "?")
	}
	return false
}

// hides reports whether the value of a pair must be hidden.
func (m masker) hides(p pair, value string) bool {
	if isNoSecret(value) || strings.HasPrefix(value, "${") && strings.HasSuffix(value, "}") && !strings.Contains(value, ":") {
		return false
	}
	if strings.HasSuffix(strings.TrimRight(p.text[:p.before], " \t"), "${") { // of a placeholder, see Template
		return false
	}
	if m.isSecret(p.name) && (p.notation != colon || p.isQuoted || m.isSetting) {
		return true
	}
	switch {
	case p.inQuery(), p.notation == equals && p.beforeName() == ';':
		return Parameter(p.name)
	case p.notation == equals, p.notation == element, p.notation == escaped, p.isQuoted && p.notation == colon && (m.isSetting || isCompact(p)):
		return Name(p.name) || isSingleSecret(p.name, value)
	case p.notation == option:
		return Name(p.name) && (m.isSetting || looksLikeCredential(value))
	}
	return p.hidesAfterColon(value, m.isSetting)
}

// isCompact reports whether the value is part of compact JSON, so that no prose
// follows.
func isCompact(p pair) bool {
	rest := strings.TrimLeft(p.text[p.after:], " \t")
	return rest != "" && (isQuote(rest[0]) || strings.IndexByte("\\&{[-0123456789", rest[0]) >= 0) || !isSpace(p.text[min(p.after, len(p.text)-1)])
}

// isNoSecret reports whether a value is too common to be a secret.
func isNoSecret(value string) bool {
	switch strings.Trim(value, " \t\r\n\"'`\\,;") {
	case "", "true", "false", "null", "nil", "<nil>", "none", "None", "~", "{}", "[]", Hidden:
		return true
	}
	return false
}

// isSingleSecret reports whether the value of an ambiguous name looks like a
// secret.
func isSingleSecret(name, value string) bool {
	switch strings.ToLower(name) {
	case "key":
		return len(value) >= 8 && looksLikeCredential(value)
	case "auth":
		return !kindsOfAuth[strings.ToLower(value)]
	}
	return false
}

// kindsOfAuth are values of a setting auth that are not secret.
var kindsOfAuth = words(`basic bearer digest oauth oauth2 oidc saml ldap kerberos ntlm negotiate mtls tls token jwt api-key apikey password key
	plain login cram-md5 scram-sha-256 scram-sha-512 required optional enabled disabled on off yes no`)

// hidesAfterColon decides for a pair with a colon, which may also be prose or
// the port of a host.
func (p *pair) hidesAfterColon(value string, isSetting bool) bool {
	before := p.beforeName()
	isTight := p.after < len(p.text) && !isSpace(p.text[p.after])
	if !ends(p.name) || before == '/' || before == '@' {
		return false
	}
	isAlone := before == 0 || strings.IndexByte(" \t\r\n\"'`{[(,;&?|<-", before) >= 0
	switch {
	case !isAlone:
		return false
	case isQuote(p.text[min(p.valueStart(), len(p.text)-1)]):
		return true
	case isTight && isNumber(value) && strings.ContainsAny(p.name, ".-"):
		return false // a port
	case isSetting, isTight, isLine(p.name):
		return true
	case looksLikeCredential(value) || isNumber(value) && len(value) >= 4:
		return true
	}
	return p.isWholeLine(value) && !p.isBehindWord()
}

// isBehindWord reports whether a word of prose precedes the name, as in "bad
// token: x".
func (p *pair) isBehindWord() bool {
	head := strings.TrimRight(p.text[:p.before], " \t")
	return head != p.text[:p.before] && head != "" && head[len(head)-1] != '-' && isNameByte(head[len(head)-1])
}

// isWholeLine reports whether nothing but punctuation follows the value.
func (p *pair) isWholeLine(value string) bool {
	rest := p.text[p.valueStart()+len(value):]
	rest = strings.TrimLeft(rest, "\"'`)]}")
	return rest == "" || strings.IndexByte(",;}\r\n", rest[0]) >= 0
}

// isLine reports whether the value of a name is the rest of its line, as for
// headers with more than one word.
func isLine(name string) bool {
	words := wordsOf(name)
	if len(words) == 0 {
		return false
	}
	switch words[len(words)-1] {
	case "authorization", "cookie", "cookies":
		return true
	}
	return false
}

// valueStart returns the index of the value after spaces.
func (p *pair) valueStart() int {
	at := p.after
	for at < len(p.text) && (p.text[at] == ' ' || p.text[at] == '\t') {
		at++
	}
	return at
}

// value returns the start and the end of the value, without quotes.
func (p *pair) value(isSetting bool) (from, to int) {
	from = p.valueStart()
	rest := p.text[from:]
	if rest == "" {
		return from, from
	}
	if p.notation == element {
		if strings.HasPrefix(rest, cdata) {
			return from + len(cdata), from + len(cdata) + indexOr(rest[len(cdata):], "]]>")
		}
		return from, from + indexOr(rest, "<")
	}
	if p.inQuery() && !isQuote(rest[0]) {
		return from, from + indexAnyOr(rest, "&;#\" \t\r\n'<>)")
	}
	if quote := quoteAt(rest); quote != "" {
		return from + len(quote), from + len(quote) + closing(rest[len(quote):], quote)
	}
	switch rest[0] {
	case '{', '[':
		return from, from + bracketed(rest)
	case '|', '>', '\n', '\r':
		if isSetting && p.notation == colon {
			return from, from + block(rest)
		}
	}
	return from, from + p.bare(rest, isSetting)
}

// cdata begins an XML text without escaping.
const cdata = "<![CDATA["

// maxBare is the maximum length of a value without quotes. It limits how often
// a long line is scanned.
const maxBare = 16 << 10

// bare returns the length of a value without quotes.
func (p *pair) bare(rest string, isSetting bool) int {
	line := rest[:min(len(rest), maxBare)]
	line = line[:indexAnyOr(line, "\r\n")]
	enclosing := p.beforeName()
	if !p.isQuoted && isQuote(enclosing) {
		line = line[:indexOr(line, string(enclosing))]
	}
	switch {
	case strings.HasPrefix(rest, "${"):
		length := placeholder.Length(rest)
		return length + indexAnyOr(rest[length:], " \t\r\n&;,\"'`")
	case p.notation == escaped:
		return min(indexOr(line, "%26"), indexAnyOr(line, "&;#\" \t'<>)"))
	case p.notation == equals && (isSetting && (strings.Contains(line, ";") || p.isBehindField()) || nextField.MatchString(line)):
		return indexOr(line, ";") // a connection string
	case p.notation == equals && isSetting && p.isWholeSetting(line):
		return len(strings.TrimRight(line, " \t"))
	case p.notation == equals && isSetting:
		return trimmed(line[:indexAnyOr(line, " \t&")])
	case p.notation == equals || p.notation == option:
		return trimmed(line[:indexAnyOr(line, " \t&;,\"'`)}]")])
	case p.isQuoted:
		return trimmed(line[:indexAnyOr(line, " \t,}]")])
	case isLine(p.name):
		return len(strings.TrimRight(line, " \t"))
	case isSetting && !p.inFlow():
		line, _, _ = strings.Cut(line, " #")
		return len(strings.TrimRight(line, " \t"))
	case isSetting:
		return indexAnyOr(line, ",}]")
	}
	return trimmed(line[:indexAnyOr(line, " \t,;}\"'`)]")])
}

// nextField matches the rest of a connection string.
var nextField = regexp.MustCompile(`^[^;]*;\s*[\w][\w .-]*=`)

// isBehindField reports whether another field of a connection string precedes
// the pair.
func (p *pair) isBehindField() bool {
	return strings.HasSuffix(strings.TrimRight(p.text[:p.before], " \t"), ";")
}

// anotherName matches another pair in the line.
var anotherName = regexp.MustCompile(`[\s&][\w.-]+\s*=`)

// isWholeSetting reports whether the pair is its whole line, as in properties
// files.
func (p *pair) isWholeSetting(line string) bool {
	before := p.beforeName()
	return (before == 0 || before == '\n') && !anotherName.MatchString(line) && !strings.Contains(line, "&")
}

// maxFlow is the maximum distance between a pair and the brace or question mark
// that it belongs to.
const maxFlow = 4 << 10

// inFlow reports whether the pair is inside braces or brackets.
func (p *pair) inFlow() bool {
	head := p.text[max(0, p.before-maxFlow):p.before]
	return strings.Count(head, "{")+strings.Count(head, "[") > strings.Count(head, "}")+strings.Count(head, "]")
}

// trimmed returns the length of a value without trailing punctuation.
func trimmed(value string) int {
	if strings.HasPrefix(value, "${") {
		return len(value)
	}
	return len(strings.TrimRight(value, ",)}]>"))
}

// quoteAt returns the quote at the beginning of a value, with preceding
// backslashes, or "".
func quoteAt(rest string) string {
	for _, entity := range entities {
		if strings.HasPrefix(rest, entity) {
			return entity
		}
	}
	bare := strings.TrimLeft(rest, `\`)
	if bare != "" && isQuote(bare[0]) {
		return rest[:len(rest)-len(bare)+1]
	}
	return ""
}

// closing returns the length of the text before the closing quote.
func closing(rest, quote string) int {
	if len(quote) > 1 {
		return indexOr(rest, quote)
	}
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == '\\':
			i++
		case rest[i] != quote[0]:
		case strings.HasPrefix(rest[i+1:], quote) && quote == "'": // doubled
			i++
		default:
			return i
		}
	}
	return len(rest)
}

// bracketed returns the length of a list or an object.
func bracketed(rest string) int {
	depth := 0
	var quote byte
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"':
			quote = c
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(rest)
}

// block returns the length of a YAML block scalar: its first line and all
// following indented lines.
func block(rest string) int {
	end := indexOr(rest, "\n")
	for end < len(rest) {
		line := rest[end+1:]
		if line != "" && line[0] != ' ' && line[0] != '\t' && line[0] != '\n' && line[0] != '\r' {
			break
		}
		end += 1 + indexOr(line, "\n")
	}
	return min(end, len(rest))
}

func indexOr(text, wanted string) int {
	if i := strings.Index(text, wanted); i >= 0 {
		return i
	}
	return len(text)
}

func indexAnyOr(text, chars string) int {
	if i := strings.IndexAny(text, chars); i >= 0 {
		return i
	}
	return len(text)
}

func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// isNameByte reports whether a byte may be part of a name.
func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.' || c == '$' || c >= utf8.RuneSelf
}
