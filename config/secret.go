// SPDX-License-Identifier: Apache-2.0

package config

import "github.com/pyfly-go/pyfly/internal/secret"

// hidden is shown in place of a secret.
const hidden = secret.Hidden

// looksSecret reports whether a key, or the name of an environment variable,
// has a word of a secret among its words.
func looksSecret(key string) bool { return secret.Name(key) }

// withoutURLSecrets hides in a text the user info and the secret parameters of
// URLs.
func withoutURLSecrets(text string) string { return secret.Setting(text) }
