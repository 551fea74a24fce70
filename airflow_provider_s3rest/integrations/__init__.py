# SPDX-License-Identifier: Apache-2.0
"""This provider's credentials for others."""
