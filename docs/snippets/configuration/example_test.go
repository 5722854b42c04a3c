// SPDX-License-Identifier: Apache-2.0

package configuration

import (
	"fmt"
	"os"
	"time"

	"github.com/pyfly-go/pyfly/config"
)

// inTestdata runs fn where the settings files of the guide are.
func inTestdata(fn func()) {
	if err := os.Chdir("testdata"); err != nil {
		panic(err)
	}
	defer func() { _ = os.Chdir("..") }()
	fn()
}

func Example_bind() {
	inTestdata(func() {
		cfg, err := config.Load()
		if err == nil {
			err = bind(cfg)
		}
		if err != nil {
			fmt.Println(err)
		}
	})
	// Output:
	// EUR 3s
	// 3s true <nil> from pyfly.yaml:16
}

func Example_wrongValues() {
	inTestdata(func() {
		cfg, err := config.Load(config.File("wrong.yaml"))
		if err != nil {
			fmt.Println(err)
			return
		}
		_, _, err = config.Value[time.Duration](cfg, "pyfly.client.default.timeout")
		fmt.Println(err)
		_, _, err = config.Value[int](cfg, "shop.password")
		fmt.Println(err)
		_, _, err = config.Value[string](cfg, "shop.home")
		fmt.Println(err)
	})
	// Output:
	// wrong.yaml:4: pyfly.client.default.timeout: "soon" is not a valid duration: write 500ms, 30s or 1m30s, or a number of seconds
	// wrong.yaml:6: shop.password: ****** is not a whole number: write a whole number
	// wrong.yaml:7: shop.home: placeholders refer to each other in a cycle: shop.home -> shop.root -> shop.home: give one of these keys a value without a placeholder
}
