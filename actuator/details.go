// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"github.com/pyfly-go/pyfly/internal/secret"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// maxNesting is the maximum depth of details.
const maxNesting = 20

// shownDetails returns the details of a user's indicator as they are sent:
// without secrets, and with a text in place of values that JSON cannot encode.
// So a detail never makes health fail.
func shownDetails(details map[string]any) map[string]any {
	if details == nil {
		return nil
	}
	shown := make(map[string]any, len(details))
	for name, value := range details {
		if secret.Name(name) {
			value = secret.Hidden
		}
		shown[name] = shownDetail(value, 0)
	}
	return shown
}

func shownDetail(value any, depth int) any {
	switch v := value.(type) {
	case nil, bool, json.Number:
		return value
	case string:
		return secret.Text(v)
	case float64:
		return shownFloat(v)
	case float32:
		return shownFloat(float64(v))
	case map[string]any:
		if depth == maxNesting {
			return "nested too deeply"
		}
		shown := make(map[string]any, len(v))
		for name, inner := range v {
			if secret.Name(name) && inner != nil {
				inner = secret.Hidden
			}
			shown[name] = shownDetail(inner, depth+1)
		}
		return shown
	case []any:
		if depth == maxNesting {
			return "nested too deeply"
		}
		shown := make([]any, len(v))
		for i, inner := range v {
			shown[i] = shownDetail(inner, depth+1)
		}
		return shown
	}
	return shownOther(value, depth)
}

func shownFloat(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Sprint(f)
	}
	return f
}

// shownOther encodes a value as JSON; an error becomes its text.
func shownOther(value any, depth int) any {
	if _, isMarshaler := value.(json.Marshaler); !isMarshaler {
		if err, isError := value.(error); isError {
			return secret.Text(usercode.Text(err))
		}
	}
	var decoded any
	err := usercode.Call(func() error {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		return decoder.Decode(&decoded)
	})
	if err != nil {
		return secret.Text("it cannot be encoded as JSON: " + err.Error())
	}
	return shownDetail(decoded, depth)
}
