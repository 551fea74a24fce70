# SPDX-License-Identifier: Apache-2.0
"""The triggers: waits in the triggerer, which take no slot of a worker."""
