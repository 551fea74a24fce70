# SPDX-License-Identifier: Apache-2.0
"""The triggers: they wait in the triggerer, and take no slot of a worker."""
