// SPDX-License-Identifier: Apache-2.0

package client

// Codec encodes bodies and decodes answers of one media type. A bean that is a
// Codec is used by all clients for the methods that say content-type:"..." or
// accept:"..." with its media type, and for answers of that type; it takes the
// place of a built-in one. JSON, XML and forms are built in. A Codec must be safe for
// concurrent use.
type Codec interface {
	// MediaType is what the codec is for, without parameters:
	// "application/cbor".
	MediaType() string
	// Encode returns v as a body.
	Encode(v any) ([]byte, error)
	// Decode fills target, a pointer, from the body of an answer. It must not
	// keep data. The text of its error may quote data and is not shown: the
	// [ErrDecode] that wraps it names its type.
	Decode(data []byte, target any) error
}
