// SPDX-License-Identifier: Apache-2.0

package message

import (
	"mime"
	"net/http"
	"strings"
)

// FormMediaType is the media type of forms without files.
const FormMediaType = "application/x-www-form-urlencoded"

const (
	bytesMediaType = "application/octet-stream"
	jsonMediaType  = "application/json"
	xmlMediaType   = "application/xml"
)

// MediaType takes off what follows a media type: "; charset=utf-8".
func MediaType(contentType string) string {
	if !strings.ContainsAny(contentType, "; ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		return contentType
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		mediaType, _, _ = strings.Cut(contentType, ";")
	}
	return strings.ToLower(strings.TrimSpace(mediaType))
}

// isRaw reports whether bodies of a media type are sent and given as they are.
func isRaw(mediaType string) bool {
	return mediaType == bytesMediaType || strings.HasPrefix(mediaType, "text/") && mediaType != "text/xml"
}

// isText reports whether a string is sent under a media type as it is.
func isText(mediaType string) bool {
	return isRaw(mediaType) || mediaType == xmlMediaType || mediaType == "text/xml" || strings.HasSuffix(mediaType, "+xml")
}

func contentTypeOf(header http.Header) string {
	if values := header["Content-Type"]; len(values) > 0 {
		return values[0]
	}
	return ""
}
