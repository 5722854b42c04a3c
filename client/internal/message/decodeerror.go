// SPDX-License-Identifier: Apache-2.0

package message

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
)

// decodeError is an [ErrDecode]. Its text quotes no value of the response, which may
// be a secret; errors.As finds the cause, whose text may.
type decodeError struct {
	text  string
	cause error
}

// MaxQuoted is how many bytes of what others wrote stand in the text of an error.
const MaxQuoted = 512

// NewDecodeError returns an [ErrDecode]. what says of what, as " as Product".
func NewDecodeError(what string, cause error) error {
	cause = usercode.Error(cause)
	return &decodeError{Printable(ErrDecode.Error()+what+reasonOf(cause), MaxQuoted), cause}
}

func (e *decodeError) Error() string   { return e.text }
func (e *decodeError) Unwrap() []error { return []error{ErrDecode, e.cause} }

// plainError is an error whose text quotes nothing.
type plainError string

func (e plainError) Error() string { return string(e) }

// reasonOf says what is wrong with a response without quoting it. The texts of
// errors of user code, and many of the standard library, quote what they were given.
func reasonOf(err error) string {
	var (
		plain     plainError
		syntax    *json.SyntaxError
		kind      *json.UnmarshalTypeError
		xmlSyntax *xml.SyntaxError
		parse     *time.ParseError
		number    *strconv.NumError
		encoding  base64.CorruptInputError
		panicked  *kernel.PanicError
	)
	switch {
	case errors.As(err, &plain):
		return ": " + string(plain)
	case errors.As(err, &syntax):
		return ": " + syntax.Error()
	case errors.As(err, &kind) && kind.Type != nil:
		return ": " + withoutValue(kind).Error()
	case errors.As(err, &xmlSyntax):
		return fmt.Sprintf(": XML syntax error on line %d", xmlSyntax.Line)
	case errors.As(err, &parse):
		return fmt.Sprintf(": a time is not of the layout %q", parse.Layout)
	case errors.As(err, &number):
		return ": a text is not a number that fits"
	case errors.As(err, &encoding):
		return ": " + encoding.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return ": " + io.ErrUnexpectedEOF.Error()
	case errors.As(err, &panicked):
		return ": a panic" + strings.Join(slices.Concat([]string{""}, panicked.Frames[:min(len(panicked.Frames), 1)]), " at ")
	}
	name := usercode.TypeOf(err)
	if strings.HasSuffix(name, " (nil)") { // it quotes nothing
		return ": " + err.Error()
	}
	return fmt.Sprintf(" (%s, whose text is left out because it may quote the response)", name)
}

// withoutValue returns the error without the number that could not be decoded.
func withoutValue(err *json.UnmarshalTypeError) error {
	kind, _, _ := strings.Cut(err.Value, " ")
	if !slices.Contains([]string{"array", "bool", "null", "number", "object", "string"}, kind) {
		kind = "value"
	}
	shown := *err
	shown.Value = kind
	return &shown
}

// Printable returns a text that may be printed, of at most limit bytes: characters
// that are not printable are escaped as in a Go string.
func Printable(text string, limit int) string {
	const more = "..."
	var b strings.Builder
	end := 0 // of what leaves room for more
	for _, r := range text {
		switch {
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		if b.Len() > limit {
			return b.String()[:end] + more
		}
		if b.Len() <= limit-len(more) {
			end = b.Len()
		}
	}
	return b.String()
}
