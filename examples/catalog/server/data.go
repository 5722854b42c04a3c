// SPDX-License-Identifier: Apache-2.0

package server

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed products.json
var productsJSON []byte

func parseProducts(data []byte) ([]Product, error) {
	var list []Product
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("products.json: %w", err)
	}
	return list, nil
}
