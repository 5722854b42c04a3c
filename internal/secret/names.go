// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"bytes"
	"slices"
	"strings"
	"unicode"

	"github.com/pyfly-go/pyfly/internal/naming"
)

// stems are word endings that make a name secret, by their first letters.
var stems = ['z' + 1][]string{
	'a': {"authorization", "apikey", "accesskey"},
	'c': {"credential", "cookie"},
	'e': {"encryptionkey"},
	'p': {"password", "passwd", "pwd", "passphrase", "passcode", "passwort", "privatekey"},
	's': {"secret", "secretkey", "signingkey", "sessionid", "sessid"},
	't': {"token"},
}

// lastWords make a name secret if they are its last word, after another word:
// stripe-key, redis-auth.
var lastWords = words("key auth pat")

// wholeWords make a name secret if they are its last or only word.
var wholeWords = words(`pass pw sig signature hmac jwt jws jwe otp totp psk pin cvv cvc salt pepper cred creds mnemonic sas
	dbpass userpass rootpass adminpass keypass storepass authpass smtppass mailpass sshpass ftppass proxypass redispass pgpass mypass
	basicauth proxyauth redisauth httpauth registryauth
	sshkey authkey accountkey masterkey sessionkey hmackey licensekey sharedkey storagekey subscriptionkey deploykey rsakey aeskey
	serverkey clientkey consumerkey appkey webhookkey servicekey saskey hostkey cryptokey cipherkey jwtkey sharedaccesskey
	authsig accesssig`)

// measures are last words that describe a secret without being one:
// token-timeout, password-min-length, secret-name.
var measures = words(`timeout ttl expiry expire expires expiration lifetime duration interval validity age delay
	length size count limit min max number enabled enable disabled required optional type kind name algorithm format
	header prefix suffix policy attempts retries file path dir directory location version rotation ref leeway encoding
	issuer audience realm scheme provider`)

// harmless are words before which a word does not make a secret, by that word:
// the key of a table or a cache is not secret.
var harmless = map[string]map[string]bool{
	"key": words(`public shared primary foreign partition sort routing cache idempotency surrogate index group map message shard row unique
		natural composite range hash lookup config property setting feature translation label metric trace correlation dedup
		deduplication event record object order ordering join cluster clustering bucket field column dictionary enum tag attribute
		redis lock etag search topic hot arrow business candidate parent child path json yaml xml socket log bean alternate
		binding sequence default missing unknown duplicate any no next last first current main each other same`),
	"token":     words("max min num total input output prompt completion next continuation page unexpected"),
	"auth":      words("require required requires enable enabled disable disabled use no with without skip is has optional needs"),
	"pass":      words("by boarding multi single first second two one low high band all render"),
	"signature": words("method function type call func"),
	"pin":       words("gpio led"),
	"salt":      words("sea"),
}

func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[word] = true
	}
	return set
}

// longest is the length up to which a name is checked without allocating.
const longest = 64

// Name reports whether the name of a setting, an environment variable, a header
// or an attribute indicates that its value is a secret: one of its words ends
// in password, token, api-key and so on, or its last word is key, auth, pass,
// sig and so on, in the singular or the plural. Case and punctuation are
// ignored: clientSecret, X-Api-Key, DB_PASSWORD, authtoken and stripe-key are
// secrets. Names such as secretary, key, primary-key and token-timeout are not.
func Name(name string) bool {
	if !holdsStem(name) && !holdsWord(name) {
		return false
	}
	words := wordsOf(name)
	if isHarmless(words) {
		return false
	}
	letters := ""
	for _, word := range words {
		letters += word
		if endsInStem(letters) || endsInStem(strings.TrimSuffix(letters, "s")) {
			return true
		}
	}
	return endsInWord(words)
}

// ends reports whether the end of a name indicates that its value is a secret.
// It is less strict than [Name]: token-service is not a secret.
func ends(name string) bool {
	if !holdsStem(name) && !holdsWord(name) {
		return false
	}
	words := wordsOf(name)
	if len(words) == 0 || isHarmless(words) {
		return false
	}
	letters := strings.Join(words, "")
	return endsInStem(letters) || endsInStem(strings.TrimSuffix(letters, "s")) || endsInWord(words)
}

// Key reports whether a dotted key of settings indicates that its value is a
// secret. Its last segment decides. An ambiguous last segment is combined with
// the segment before it: key in stripe.key, value in token.value. All keys in a
// group of secrets are secret: secrets.db.
func Key(key string) bool {
	segments := strings.FieldsFunc(key, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	for len(segments) > 1 && strings.Trim(segments[len(segments)-1], "0123456789") == "" {
		segments = segments[:len(segments)-1]
	}
	if len(segments) == 0 {
		return false
	}
	last := segments[len(segments)-1]
	if len(segments) == 1 || Name(last) {
		return Name(last)
	}
	parent := segments[len(segments)-2]
	words := wordsOf(last)
	switch {
	case len(words) == 1 && lastWords[singular(words[0])]:
		return ends(parent + "-" + last)
	case len(words) == 1 && (words[0] == "value" || words[0] == "plain"):
		return ends(parent)
	}
	return strings.HasSuffix(strings.ToLower(parent), "s") && ends(parent) && !isAbout(words)
}

// below reports whether a segment before the last one names a secret, so that
// only plain values are shown.
func below(key string) bool {
	segments := strings.Split(key, ".")
	for _, segment := range segments[:len(segments)-1] {
		if ends(segment) {
			return !isAbout(wordsOf(segments[len(segments)-1]))
		}
	}
	return false
}

// isAbout reports whether a setting in a group of secrets describes them.
func isAbout(words []string) bool {
	if len(words) == 0 {
		return false
	}
	last := words[len(words)-1]
	return measures[last] || places[last]
}

// places say who has a secret, and for what.
var places = words("url uri host port endpoint user username region scope scopes")

// wordsOf splits a name into words: DB_PASSWORD2 into db and password.
func wordsOf(name string) []string {
	list := strings.FieldsFunc(naming.KebabCase(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, word := range list {
		list[i] = strings.TrimRight(word, "0123456789")
	}
	return slices.DeleteFunc(list, func(word string) bool { return word == "" })
}

func singular(word string) string {
	if word == "pass" || word == "sas" || word == "jws" {
		return word
	}
	return strings.TrimSuffix(word, "s")
}

// isHarmless reports whether the last words of a name indicate that it is not a
// secret.
func isHarmless(words []string) bool {
	if len(words) < 2 {
		return false
	}
	last, before := words[len(words)-1], words[len(words)-2]
	return measures[last] || measures[strings.TrimSuffix(last, "s")] || harmless[singular(last)][before]
}

// endsInWord reports whether the last word of a name indicates a secret.
func endsInWord(words []string) bool {
	if len(words) == 0 {
		return false
	}
	last := words[len(words)-1]
	return wholeWords[last] || wholeWords[singular(last)] || len(words) > 1 && lastWords[singular(last)]
}

func endsInStem(letters string) bool {
	for i := range len(letters) {
		if slices.Contains(stemsOf(letters[i]), letters[i:]) {
			return true
		}
	}
	return false
}

func stemsOf(first byte) []string {
	if int(first) >= len(stems) {
		return nil
	}
	return stems[first]
}

// Parameter reports whether the name of a query parameter indicates that its
// value is a secret. It is stricter than [Name]: a stem may be anywhere in the
// name, and key and auth are secrets too.
func Parameter(name string) bool {
	bare := strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(name))
	return bare == "key" || bare == "auth" || bare == "assertion" || bare == "clientassertion" ||
		strings.Contains(bare, "signature") || holdsStem(bare) || Name(name)
}

// holdsStem reports whether name contains a stem, ignoring case and
// punctuation.
func holdsStem(name string) bool {
	var stack [longest]byte
	bare := lettersOf(name, stack[:0])
	for i, first := range bare {
		for _, stem := range stems[first] {
			if rest := bare[i:]; len(rest) >= len(stem) && string(rest[:len(stem)]) == stem {
				return true
			}
		}
	}
	return false
}

// holdsWord reports whether name may end in one of the last or whole words.
func holdsWord(name string) bool {
	var stack [longest]byte
	bare := lettersOf(name, stack[:0])
	for i := range bare {
		if i < len(bare)-longestWord {
			continue
		}
		if rest := bare[i:]; lastWords[string(rest)] || wholeWords[string(rest)] {
			return true
		}
		if rest := bare[i : len(bare)-1]; bare[len(bare)-1] == 's' && (lastWords[string(rest)] || wholeWords[string(rest)]) {
			return true
		}
	}
	return false
}

// holdsSigned reports whether name contains a word that [Parameter] looks for
// anywhere.
func holdsSigned(name string) bool {
	var stack [longest]byte
	bare := lettersOf(name, stack[:0])
	return bytes.Contains(bare, []byte("signature")) || bytes.Contains(bare, []byte("assertion"))
}

// longestWord is longer than all words above.
const longestWord = 20

// lettersOf appends the letters of name in lower case.
func lettersOf(name string, bare []byte) []byte {
	if len(name) > longest {
		bare = make([]byte, 0, len(name))
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'A' <= c && c <= 'Z':
			bare = append(bare, c+'a'-'A')
		case 'a' <= c && c <= 'z':
			bare = append(bare, c)
		}
	}
	return bare
}
