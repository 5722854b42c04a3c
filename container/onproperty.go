// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pyfly-go/pyfly/config"
)

// hasValue reports whether a setting has a value, which [OnProperty] was given.
func hasValue(cfg *config.Config, key, value string) bool {
	isOn, isBool := as[bool](cfg, key)
	if value == "" {
		return !isBool || isOn
	}
	if isBool && strings.EqualFold(value, strconv.FormatBool(isOn)) {
		return true
	}
	text, ok := as[string](cfg, key)
	if !ok { // a list or a group
		all, _, _ := cfg.Get(key)
		text = fmt.Sprint(all)
	}
	return strings.EqualFold(text, value) || isNumber(cfg, key, value)
}

func isNumber(cfg *config.Config, key, value string) bool {
	number, ok := as[float64](cfg, key)
	wanted, hasNumber := as[float64](config.New(map[string]any{"number": value}), "number")
	return ok && hasNumber && number == wanted
}

func as[T any](cfg *config.Config, key string) (T, bool) {
	value, ok, err := config.Value[T](cfg, key)
	return value, ok && err == nil
}
