// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/pyfly-go/pyfly/internal/placeholder"
)

// pairs hides the values of pairs of a name and a value whose name says that the
// value is a secret, in whatever notation: name=value, name: value,
// "name":"value", <name>value</name>, --name value.
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

// mayHide reports whether a name is one of a secret in any notation.
func (m masker) mayHide(name string) bool {
	return name != "" && (holdsStem(name) || holdsWord(name) || holdsSigned(name) || m.isSecret(name))
}

// namedValue is a pair that spells out what is name and value, as environment
// variables of Kubernetes and settings of .NET do; netrc is a login in a file of
// that name.
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

// notation is how a pair is written.
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

// pairAt returns the pair whose sign is at an index.
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

// maxName is how long a name may be.
const maxName = 128

// namedAt gives p the name in which head ends.
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

// withoutQuote takes one quote off the end of a text.
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

// elementAt returns the element of XML whose tag ends at an index.
func elementAt(text string, at int) (pair, bool) {
	start := strings.LastIndexByte(text[max(0, at-maxName):at], '<')
	if start < 0 {
		return pair{}, false
	}
	start += max(0, at-maxName)
	name, _, _ := strings.Cut(text[start+1:at], " ")
	return pair{text: text, notation: element, name: name, before: start, after: at + 1}, !strings.HasPrefix(name, "/")
}

// optionAt returns the option of a command that begins at an index and is
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

// beforeName returns the byte in front of the name, or 0.
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

// hides reports whether the value of a pair is to be hidden.
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

// isCompact reports whether the value is one of JSON: no prose follows.
func isCompact(p pair) bool {
	rest := strings.TrimLeft(p.text[p.after:], " \t")
	return rest != "" && (isQuote(rest[0]) || strings.IndexByte("\\&{[-0123456789", rest[0]) >= 0) || !isSpace(p.text[min(p.after, len(p.text)-1)])
}

// isNoSecret reports whether a value is the same for everybody.
func isNoSecret(value string) bool {
	switch strings.Trim(value, " \t\r\n\"'`\\,;") {
	case "", "true", "false", "null", "nil", "<nil>", "none", "None", "~", "{}", "[]", Hidden:
		return true
	}
	return false
}

// isSingleSecret reports whether the value of a name that says little by itself
// looks like a secret.
func isSingleSecret(name, value string) bool {
	switch strings.ToLower(name) {
	case "key":
		return len(value) >= 8 && looksLikeCredential(value)
	case "auth":
		return !kindsOfAuth[strings.ToLower(value)]
	}
	return false
}

// kindsOfAuth are values of a setting auth that are no secrets.
var kindsOfAuth = words(`basic bearer digest oauth oauth2 oidc saml ldap kerberos ntlm negotiate mtls tls token jwt api-key apikey password key
	plain login cram-md5 scram-sha-256 scram-sha-512 required optional enabled disabled on off yes no`)

// hidesAfterColon decides of a pair with a colon, which may be prose, or the port
// of a host.
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

// isBehindWord reports whether a word of prose stands in front of the name, as in
// "bad token: x".
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

// isLine reports whether the value of a name is all that follows in its line: the
// headers that hold more than one word.
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

// valueStart returns the index of the value behind spaces.
func (p *pair) valueStart() int {
	at := p.after
	for at < len(p.text) && (p.text[at] == ' ' || p.text[at] == '\t') {
		at++
	}
	return at
}

// value returns where the value begins and ends, without quotes.
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

// cdata begins a text of XML that is not escaped.
const cdata = "<![CDATA["

// maxBare is how long a value without quotes may be. It bounds how often a long
// line is looked at.
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

// nextField is the rest of a connection string.
var nextField = regexp.MustCompile(`^[^;]*;\s*[\w][\w .-]*=`)

// isBehindField reports whether another field of a connection string stands in
// front of the pair.
func (p *pair) isBehindField() bool {
	return strings.HasSuffix(strings.TrimRight(p.text[:p.before], " \t"), ";")
}

// anotherName is a further pair in a line.
var anotherName = regexp.MustCompile(`[\s&][\w.-]+\s*=`)

// isWholeSetting reports whether the pair is all of its line, as in properties.
func (p *pair) isWholeSetting(line string) bool {
	before := p.beforeName()
	return (before == 0 || before == '\n') && !anotherName.MatchString(line) && !strings.Contains(line, "&")
}

// maxFlow is how far a pair may stand behind the brace, or the question mark, that
// it belongs to.
const maxFlow = 4 << 10

// inFlow reports whether the pair stands in braces or brackets.
func (p *pair) inFlow() bool {
	head := p.text[max(0, p.before-maxFlow):p.before]
	return strings.Count(head, "{")+strings.Count(head, "[") > strings.Count(head, "}")+strings.Count(head, "]")
}

// trimmed returns the length of a value without the punctuation behind it.
func trimmed(value string) int {
	if strings.HasPrefix(value, "${") {
		return len(value)
	}
	return len(strings.TrimRight(value, ",)}]>"))
}

// quoteAt returns the quote with which a value begins, with the backslashes in
// front of it, or "".
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

// closing returns the length of what stands before the quote that closes it.
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

// block returns the length of a block scalar of YAML: its first line and all that
// are indented below.
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
