// SPDX-License-Identifier: Apache-2.0

package config

import "github.com/pyfly-go/pyfly/internal/secret"

// hidden is shown in place of a secret.
const hidden = secret.Hidden

// looksSecret reports whether a key, or the name of an environment variable,
// has a word of a secret among its words.
func looksSecret(key string) bool { return secret.Name(key) }

// withoutSecrets hides in the value of a setting what is secret by its form.
func withoutSecrets(text string) string { return secret.SettingText(text) }
