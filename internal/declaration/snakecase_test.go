// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
)

func TestSnakeCase(t *testing.T) {
	for name, want := range map[string]string{
		"state": "state", "pageSize": "page_size", "inStock": "in_stock", "a": "a", "aB": "a_b", "x": "x", "": "", "_": "",
		"paymentID": "payment_id", "productIDs": "product_ids", "IDs": "ids", "userIDsByURL": "user_ids_by_url", "ids": "ids",
		"URLs": "urls", "baseURL": "base_url", "urlID": "url_id", "URLID": "url_id", "callbackURLsHTTPS": "callback_urls_https",
		"xmlHTTPRequest": "xml_http_request", "XMLHTTPRequest": "xml_http_request", "httpAPIKey": "http_api_key", "userUUID": "user_uuid",
		"OAuth2Token": "oauth2_token", "oAuth2Token": "oauth2_token", "oauthToken": "oauth_token", "OAuthToken": "oauth_token", "OAuth": "oauth",
		"clientIPv4": "client_ipv4", "IPv6Address": "ipv6_address", "clientIP": "client_ip",
		"page2Size": "page2_size", "sha256Sum": "sha256_sum", "MD5Sum": "md5_sum", "s3Key": "s3_key", "S3Key": "s3_key", "UTF8Name": "utf8_name",
		"base64URL": "base64_url", "EC2IDs": "ec2_ids", "http2Server": "http2_server", "user_id": "user_id", "userID_2": "user_id_2",
		"IDToken": "id_token", "isID": "is_id", "SKU": "sku", "SKUs": "skus", "größeÄndern": "größe_ändern",
		"HTTPServer": "http_server", "sortBy": "sort_by", "Identity": "identity", "iPhone": "i_phone",
	} {
		assert.Equal(t, want, SnakeCase(name), name)
	}
}

func TestNamesThatFit(t *testing.T) {
	for _, c := range []struct {
		parameter, variable string
		want                bool
	}{
		{"paymentID", "payment_id", true}, {"paymentID", "payment-id", true}, {"paymentID", "PaymentId", true}, {"paymentID", "payment.id", true},
		{"id", "payment_id", false}, {"paymentIDs", "payment_id", false}, {"page2", "page_2", true}, {"_", "", false}, {"größe", "GRÖSSE", false}, {"größe", "GRÖßE", true},
	} {
		assert.Equal(t, c.want, Fits(c.parameter, c.variable), "%s, %s", c.parameter, c.variable)
	}
}

func FuzzSnakeCase(f *testing.F) {
	for _, name := range []string{"productIDs", "OAuth2Token", "XMLHTTPRequest", "__x", "ÄÖs", "sS1Ss"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if strings.ContainsFunc(name, func(r rune) bool {
			return r == unicode.ReplacementChar || r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		}) {
			return
		}
		got := SnakeCase(name)
		if bareName(got) != bareName(strings.ToLower(name)) {
			t.Errorf("%q became %q, which has other letters", name, got)
		}
		if SnakeCase(got) != got && got == strings.ToLower(got) && !strings.ContainsFunc(got, unicode.IsUpper) {
			t.Errorf("%q became %q, and that %q", name, got, SnakeCase(got))
		}
	})
}
