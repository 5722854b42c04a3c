// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Forms of secrets in values, by what holds them. Sesame, or what stands behind
// the bar, is the secret.
var forms = map[string]string{
	"a URL's user and password":        "https://ada:sesame@host/x",
	"a URL's user alone":               "https://sesame@host/x",
	"a URL's password alone":           "redis://:sesame@cache:6379/0",
	"a URL of several hosts":           "mongodb://ada:sesame@a:27017,b:27017/shop?replicaSet=rs0",
	"a URL with a slash in it":         "amqp://ada:ses/sesame@mq:5672/%2f",
	"a JDBC URL's user":                "jdbc:mysql://ada:sesame@db:3306/shop",
	"a shared access signature":        "https://x.blob.core.windows.net/c?sv=2022-11-02&se=2026-01-01&sig=sesame%3D",
	"an S3 signature":                  "https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature=sesame",
	"a key in a query":                 "https://maps.example/json?key=sesame&q=berlin",
	"a token in a query":               "https://host/?access_token=sesame",
	"a token in a fragment":            "https://app/#access_token=sesame&state=1",
	"a password in a query":            "postgres://db/shop?user=ada&password=sesame",
	"an hmac in a query":               "/callback?shop=a&hmac=sesame",
	"an assertion in a form":           "grant_type=jwt-bearer&assertion=sesame&scope=a",
	"a password in a form":             "grant_type=password&username=ada&password=sesame",
	"an escaped query":                 "https://login/?next=%2Fx%3Ftoken%3Dsesame%26a%3D1",
	"a Go MySQL DSN":                   "ada:sesame@tcp(db:3306)/shop?parseTime=true",
	"a Go MySQL DSN with an @":         "ada:ses@me:sesame@tcp(db:3306)/shop",
	"a Go MySQL DSN over a socket":     "ada:sesame@unix(/run/mysqld.sock)/shop",
	"a Go MySQL DSN without host":      "ada:sesame@/shop",
	"a DSN without scheme":             "ada:sesame@db:5432/shop",
	"an Oracle DSN":                    "ada/sesame@//db:1521/shop",
	"an Oracle JDBC URL":               "jdbc:oracle:thin:ada/sesame@db:1521:shop",
	"an ADO.NET connection string":     "Server=db;Database=shop;User Id=ada;Password=sesame;Encrypt=true",
	"with spaces in the password":      "Server=db;Password=open sesame, please;Encrypt=true",
	"with spaces at the end":           "Server=db; Password=open sesame",
	"with a short name":                "Data Source=db;UID=ada;PWD=sesame;",
	"with braces":                      "Driver={ODBC};Uid=ada;Pwd={se;sesame};",
	"with quotes":                      `Server=db;Password="ses;sesame";`,
	"a JDBC connection string":         "jdbc:sqlserver://db:1433;databaseName=shop;user=ada;password=sesame;",
	"a storage account":                "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=sesame==;EndpointSuffix=core.windows.net",
	"a service bus":                    "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=sesame=",
	"a signature of a storage account": "BlobEndpoint=https://x/;SharedAccessSignature=sv=2022&sig=sesame",
	"a libpq connection string":        "host=db port=5432 user=ada password=sesame dbname=shop",
	"a libpq password in quotes":       "host=db password='open sesame' user=ada",
	"a StackExchange Redis string":     "cache:6380,password=sesame,ssl=True",
	"JSON":                             `{"user":"ada","password":"sesame","port":5432}`,
	"JSON with spaces":                 `{ "apiKey" : "sesame" }`,
	"JSON with a quote in it":          `{"secret":"a\"sesame"}`,
	"JSON in JSON":                     `{"config":"{\"client_secret\":\"sesame\"}"}`,
	"JSON with a list":                 `{"tokens":["sesame","b"],"a":1}`,
	"JSON with an object":              `{"credentials":{"user":"ada","value":"sesame"},"a":1}`,
	"JSON with a number":               `{"pin":1234}|1234`,
	"JSON of Docker":                   `{"auths":{"r.example":{"auth":"YWRhOnNlc2FtZQ=="}}}|YWRhOnNlc2FtZQ`,
	"JSON of a service account":        `{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\nsesame\n-----END PRIVATE KEY-----\n"}`,
	"JSON that is cut":                 `{"user":"ada","password":"sesa sesame`,
	"YAML":                             "user: ada\npassword: sesame\nport: 1",
	"YAML with a sentence":             "user: ada\npassphrase: open \"sesame\" please",
	"YAML in braces":                   "{user: ada, password: sesame, port: 1}",
	"YAML in a list":                   "- name: a\n- token: sesame",
	"YAML indented":                    "db:\n  api-key: sesame\n  port: 1",
	"YAML in a block":                  "user: ada\nprivate-key: |\n  sesame\n  more sesame\nport: 1",
	"properties":                       "db.user=ada\ndb.password=sesame\n",
	"properties with spaces":           "db.password = sesame",
	"a JAAS configuration":             `org.apache.kafka.common.security.plain.PlainLoginModule required username="ada" password="sesame";`,
	"a map of Go":                      "map[password:sesame user:ada]",
	"a struct of Go":                   "{User:ada Password:sesame Port:1}",
	"a hash of Ruby":                   `{"password"=>"sesame"}`,
	"XML":                              "<db><user>ada</user><password>sesame</password></db>",
	"an attribute of XML":              `<db user="ada" password="sesame"/>`,
	"HTML":                             `{&quot;password&quot;:&quot;sesame&quot;}`,
	"a shell's variable":               "export GITHUB_TOKEN=sesame",
	"an option":                        "--user ada --password=sesame",
	"an option of Java":                "-Xmx1g -Djavax.net.ssl.keyStorePassword=sesame -jar a.jar",
	"a command's user":                 "curl -u ada:sesame https://host",
	"a bearer token":                   "Bearer sesame-1",
	"a bearer token in lower case":     "bearer sesame",
	"basic authentication":             "Basic YWRhOnNlc2FtZQ==|YWRhOnNlc2FtZQ",
	"a header Authorization":           "Authorization: Bearer sesame",
	"a header of digest":               `Authorization: Digest username="ada", response="sesame"`,
	"a signed header":                  "Authorization: AWS4-HMAC-SHA256 Credential=AKIA/x, SignedHeaders=host, Signature=sesame",
	"a header with a key":              "X-Api-Key: sesame7",
	"a header in quotes":               `curl -H 'Authorization: Token sesame' https://host`,
	"a header Cookie":                  "Cookie: theme=dark; sid=sesame",
	"a JSON web token":                 "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.dBjftJeZ4CVP|dBjftJeZ4CVP",
	"a JSON web token in a text":       "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2VzYW1l expired|c2VzYW1l",
	"a private key":                    "-----BEGIN RSA PRIVATE KEY-----\nsesame\n-----END RSA PRIVATE KEY-----",
	"a private key without end":        "-----BEGIN PRIVATE KEY-----\nsesame",
	"a private key in one line":        `-----BEGIN EC PRIVATE KEY-----\nsesame\n-----END EC PRIVATE KEY-----`,
	"a private key of OpenSSH":         "-----BEGIN OPENSSH PRIVATE KEY-----\nsesame\n-----END OPENSSH PRIVATE KEY-----\n",
	"a private key of OpenPGP":         "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nsesame\n-----END PGP PRIVATE KEY BLOCK-----",
	"a private key behind certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nsesame\n-----END PRIVATE KEY-----",
	"an access key of AWS":             "AKIAIOSFODNN7EXAMPLE|AKIAIOSFODNN7EXAMPLE",
	"a secret key of AWS":              "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY|wJalrXUtnFEMI",
	"a random key in base64":           "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=|q83vEjRWeJ",
	"a token of GitHub":                "ghp_16C7e42F292c6912E7710c838347Ae178B4a|16C7e42F",
	"a token of GitLab":                "glpat-abcdefghijklmnopqrst|abcdefghij",
	"a token of Slack":                 "xoxb-123456789012-abcdefghijkl|123456789012",
	"a key of Stripe":                  "sk_live_abcdefghijklmnop|abcdefghij",
	"a key of Google":                  "AIzaSyA1234567890abcdefghijklmnopqrstuv|SyA1234",
	"YAML on the next line":            "password:\n  sesame\nport: 1",
	"YAML with a space":                "api_key : sesame",
	"a variable of Kubernetes":         "- name: DB_PASSWORD\n  value: sesame",
	"a variable in JSON":               `[{"name":"DB_PASSWORD","value":"sesame"}]`,
	"a setting of .NET":                `<add key="Password" value="sesame"/>`,
	"XML that is not escaped":          "<password><![CDATA[sesame]]></password>",
	"JSON with auth":                   `{"auth":"sesame"}`,
	"properties with a sentence":       "db.passphrase = open sesame",
	"a list of users and hosts":        "ada:sesame@a,bob:sesame@b",
	"a DSN without network":            "ada:sesame@(db:3306)/shop",
	"credentials of digest":            `Digest username="ada", response="sesame"`,
	"credentials of AWS":               "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=sesame",
	"credentials of a storage account": "SharedKey shop:sesame",
	"a netrc":                          "machine host login ada password sesame",
	"a key of SSH2":                    "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nsesame\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
	"a webhook of Slack":               "https://hooks.slack.com/services/T00/B00/sesame",
	"a bot of Telegram":                "https://api.telegram.org/bot123456:sesame/getMe",
}

// inSettings are forms that only the value of a setting can be told to have: a
// text may be prose.
var inSettings = map[string]bool{
	"YAML with a sentence": true, "YAML in a block": true, "YAML on the next line": true, "with spaces at the end": true,
	"properties with a sentence": true, "a list of users and hosts": true, "a netrc": true,
}

func TestSecretsInValuesAreHidden(t *testing.T) {
	for name, form := range forms {
		text, secret, isNamed := strings.Cut(form, "|")
		if !isNamed || strings.Contains(secret, ":") || strings.Contains(secret, "\n") { // the bar of YAML
			text, secret = form, "sesame"
		}
		t.Run(name, func(t *testing.T) {
			assert.Contains(t, text, secret)
			for what, mask := range map[string]func(string) string{"a setting": SettingText, "a text": Text} {
				if what == "a text" && inSettings[name] {
					continue
				}
				got := mask(text)
				assert.NotContains(t, got, secret, what)
				assert.Contains(t, got, Hidden, what)
				assert.Equal(t, got, mask(got), "%s changes when it is looked at again", what)
			}
		})
	}
}

func TestSecretsInSentencesAreHidden(t *testing.T) {
	for text, want := range map[string]string{
		`Get "https://ada:sesame@host/x?token=sesame": EOF`:                             `Get "https://******@host/x?token=******": EOF`,
		"dial ada:sesame@tcp(db:3306)/shop: connection refused":                         "dial ******@tcp(db:3306)/shop: connection refused",
		"cannot parse `user=ada password=sesame host=db`: bad port":                     "cannot parse `user=ada password=****** host=db`: bad port",
		`the service said {"error":"invalid","api_key":"sesame"} with status 401`:       `the service said {"error":"invalid","api_key":"******"} with status 401`,
		"login of ada failed, password: hunter2":                                        "login of ada failed, password: ******",
		"sent Authorization: Bearer sesame":                                             "sent Authorization: ******",
		"the header was Bearer abc.def-1 and is refused":                                "the header was Bearer ****** and is refused",
		"key AKIAIOSFODNN7EXAMPLE is not active":                                        "key ****** is not active",
		"Server=db;Password=sesame;Encrypt=true cannot be reached":                      "Server=db;Password=******;Encrypt=true cannot be reached",
		"two: password=a1 and token=b2":                                                 "two: password=****** and token=******",
		"x509: -----BEGIN PRIVATE KEY-----\nsesame\n-----END PRIVATE KEY----- is wrong": "x509: ****** is wrong",
	} {
		assert.Equal(t, want, Text(text))
	}
}

// What a person needs to see, and no rule may take away.
func TestHarmlessValuesStayVisible(t *testing.T) {
	for _, text := range []string{
		"", "30s", "1m30s", "500ms", "8080", "1.50", "true", "10MiB", "2026-11-25T10:30:00Z", "10:30", "UTC",
		"http://inventory:8080/api/v1?page=2&sort=name", "https://host/a@b", "https://files.example.com/keys/public.pem", "http://[2001:db8::1]:8080/",
		"jdbc:postgresql://db:5432/shop?sslmode=require", "postgres://db/shop", "kafka-1:9092,kafka-2:9092", "tcp(db:3306)", "unix:/run/app.sock",
		"Server=db;Database=shop;Integrated Security=true", "host=db port=5432 user=ada dbname=shop sslmode=disable",
		"keyboard", "monkey", "passenger-service", "primary-key-column", "com.example.auth.TokenService", "tokenizer", "secretary", "author: Ada",
		"org.springframework.security.authentication.BasicAuthenticationFilter2", "github.com/pyfly-go/pyfly/actuator@v0.1.0",
		"auth-token-service:8080", "http://token-service:8080/", "http://auth.token:80/x", "ghcr.io/acme/auth:1.4.2", "acme/app:1.2@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "9f3c1ab2d4e5f60718293a4b5c6d7e8f90a1b2c3", "2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d",
		"ada@example.com", "mailto:ada@example.com", "Ada <ada@example.com>", "git@github.com:acme/shop.git",
		"/var/lib/AppData2/SomeVeryLongDirectoryName/x", "C:\\Users\\ada\\keys", "text/html; charset=utf-8", "max-age=60; includeSubDomains",
		"cron: 0 0 * * *", "a=b;c=d", "primary-key=id", "cache-key: user:42", "partition_key=tenant", "Idempotency-Key: 42-abc", "public-key=ssh-ed25519",
		"max-tokens=4096", "token-timeout: 30s", "password.min-length=12", "password=", `{"token":null,"password":""}`, "requireAuth=true",
		"token=${API_TOKEN}", "Bearer ${payment.api-key}", "a bearer token is required", "basic authentication", "Basic plan", "the basic idea",
		"bad token: x", "unexpected token: <", "pyfly.actuator.token: it is not set, but port -1 leaves it open", "invalid character 'x' looking for beginning of value",
		"-----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKC\n-----END CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----",
		`{"keys":["a","b"],"key":"shop.size","author":"ada"}`, "map[a:1 b:2]", "${shop.name}/${shop.region:eu}",
		`{"auth":"basic"}`, "auth=oauth2", "Digest authentication", "AWS Lambda", "HMAC SHA256", "- name: LEVEL\n  value: debug", `{"name":"keyboard","value":"x"}`,
		"the login of ada failed", "----", "--help", "a -u b", "password:", "<password></password>", "sort=name asc", "name = Tools & More",
	} {
		assert.Equal(t, text, Text(text), "as a text")
		if text != "pyfly.actuator.token: it is not set, but port -1 leaves it open" && text != "bad token: x" && text != "unexpected token: <" {
			assert.Equal(t, text, SettingText(text), "as a setting")
		}
	}
}

func TestNamesThatEndInASecretWord(t *testing.T) {
	for _, name := range []string{
		"stripe-key", "stripeKey", "STRIPE_KEY", "ssh-key", "sshkey", "account-key", "accountKey", "Ocp-Apim-Subscription-Key", "SharedAccessKey", "signing-keys",
		"redis-auth", "REDIS_AUTH", "basicAuth", "db-pass", "DB_PASS", "dbpass", "pass", "user-pwd", "mysql_passwd", "hmac", "webhook-hmac", "jwt", "id-jwt",
		"sig", "request-sig", "X-Hub-Signature", "signature", "otp", "github-pat", "db-credential", "creds", "password1", "api-key2", "API_KEY_2", "session-id",
		"JSESSIONID", "license-key", "private-key", "salt", "csrf-token",
	} {
		assert.True(t, Name(name), name)
	}
	for _, name := range []string{
		"key", "auth", "keyboard", "monkey", "hotkey", "passenger-service", "compass", "bypass", "primary-key", "primaryKey", "public-key", "foreign_key",
		"cache-key", "routing-key", "partition-key", "idempotency-key", "Sec-WebSocket-Key", "max-tokens", "require-auth", "method-signature", "key-count",
		"token-timeout", "password-min-length", "secret-name", "secret-names", "token-type", "cookie-name", "password-file", "author", "design", "shipping", "basalt",
	} {
		assert.False(t, Name(name), name)
	}
}

func TestSettingsAreShownByKeyAndValue(t *testing.T) {
	for _, test := range []struct{ key, value, want string }{
		{"shop.db.password", "sesame", Hidden},
		{"stripe.key", "sesame", Hidden},
		{"redis.auth", "sesame", Hidden},
		{"cache.key", "user", "user"},
		{"secrets.db", "sesame", Hidden},
		{"api-keys[0]", "sesame", Hidden},
		{"api-keys.partner", "sesame", Hidden},
		{"credentials.user", "ada", "ada"},
		{"payment.token.value", "sesame", Hidden},
		{"payment.secret.current", "sesame", Hidden},
		{"payment.token.timeout", "30s", "30s"},
		{"payment.token.retries.most", "3", "3"},
		{"payment.token.deep.text", "https://host/sesame", "https://host/" + Hidden},
		{"services.token-client.base-url", "http://host/api", "http://host/api"},
		{"require-auth", "true", "true"},
		{"use-token", "true", "true"},
		{"shop.dsn", "ada:sesame@tcp(db:3306)/shop", Hidden + "@tcp(db:3306)/shop"},
		{"shop.callback", "https://h/?sig=sesame", "https://h/?sig=" + Hidden},
		{"shop.name", "corner", "corner"},
		{"", "corner", "corner"},
	} {
		assert.Equal(t, test.want, Setting(test.key, test.value), test.key)
	}
}

func TestFurtherNamesOfFields(t *testing.T) {
	isSid := func(name string) bool { return name == "sid" }
	assert.Equal(t, `{"sid":"******","page":2}`, TextWith(`{"sid":"sesame","page":2}`, isSid))
	assert.Equal(t, "sid=******;page=2", SettingTextWith("sid=sesame;page=2", isSid))
}

func TestALookAtAPlainTextAllocatesNothing(t *testing.T) {
	for _, text := range []string{"/products/{product_id}", "calling inventory", "GET", "30s"} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { Text(text) }), text)
	}
}

// BenchmarkText is what a log record pays for each of its texts.
func BenchmarkText(b *testing.B) {
	for name, text := range map[string]string{
		"plain": "calling inventory", "URL": "GET https://inventory:8080/products?page=2", "error": `Get "https://inventory:8080/products": dial tcp 10.0.0.1:8080: connection refused`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Text(text)
			}
		})
	}
}
